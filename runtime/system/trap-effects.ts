/**
 * Effect traps: inside a step, timers and the network are refused and the console is silent on replay (S3).
 *
 * Owns: the timers of the globals, `node:timers` and `node:timers/promises`; `fetch`; `console`.
 * Does not own: files, sockets and child processes, which the parking rule finds (architecture §3).
 *
 * `queueMicrotask`, `process.nextTick` and the clearing of timers pass: they end within the step, or change nothing.
 */

import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { trapFunction } from './trap';

const IN_ACTIVITY = 'move it into an activity';
const SLEEP = `use sleep(), or ${IN_ACTIVITY}`;
const REMIND = `use remind(), @Every or again(), or ${IN_ACTIVITY}`;
const YIELD = `leave it out: a step needs no yielding; or ${IN_ACTIVITY}`;
const LIMIT = `use condition() with a timeout, or ${IN_ACTIVITY}`;

const CONSOLE = [
  ...['log', 'info', 'warn', 'error', 'debug', 'trace', 'assert', 'dir', 'dirxml', 'table'],
  ...['group', 'groupCollapsed', 'groupEnd', 'time', 'timeEnd', 'timeLog', 'count', 'countReset'],
];

export function trapEffects(): boolean {
  return [
    ...[globalThis, timers].flatMap((target) => [
      refuse(target, 'setTimeout', 'setTimeout()', SLEEP),
      refuse(target, 'setInterval', 'setInterval()', REMIND),
      refuse(target, 'setImmediate', 'setImmediate()', YIELD),
    ]),
    refuse(timersPromises, 'setTimeout', 'setTimeout() of node:timers/promises', SLEEP),
    refuse(timersPromises, 'setInterval', 'setInterval() of node:timers/promises', REMIND),
    refuse(timersPromises, 'setImmediate', 'setImmediate() of node:timers/promises', YIELD),
    refuse(timersPromises.scheduler, 'wait', 'scheduler.wait()', SLEEP),
    refuse(timersPromises.scheduler, 'yield', 'scheduler.yield()', YIELD),
    refuse(globalThis.AbortSignal, 'timeout', 'AbortSignal.timeout()', LIMIT),
    refuse(globalThis, 'fetch', 'fetch()', IN_ACTIVITY),
    ...CONSOLE.map((name) => trapFunction(console, name, (step, _args, pass) => (step.muted ? undefined : pass()))),
  ].includes(true);
}

function refuse(target: object, name: string, what: string, cure: string): boolean {
  return trapFunction(target, name, (step) => {
    throw step.fault(what, cure);
  });
}
