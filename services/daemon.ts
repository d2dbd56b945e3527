/**
 * Daemon: one server process that goes on after the command that started it, found again by its pid file.
 *
 * Owns: starting detached with its output in a log, whether it lives, ending it, waiting until it serves.
 * Does not own: what runs (`nats`, `cassandra`).
 *
 * A pid file holds the pid and when that process began, so that another process that was given the number since is
 * never taken for the server, nor killed.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Daemon {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its own folder: pid file, log, data. */
  readonly directory: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly readyWithinMs: number;
}

export type DaemonState = 'running' | 'starting' | 'stopped';

interface Recorded {
  readonly pid: number;
  readonly began: string;
}

const LOOK_MS = 100;
const GRACE_MS = 20_000;
const LOG_TAIL_LINES = 15;

/** Starts it unless it runs, and waits until it serves. Rejects with the end of its log if it does not. */
export async function start(daemon: Daemon): Promise<void> {
  const { address, name } = daemon;
  if (recorded(daemon) === null) {
    if (await answers(address)) {
      const fact = `${address.host}:${address.port} is in use by another program`;
      throw new Error(`${name} cannot start: ${fact}; stop that, or choose another port`);
    }
    launch(daemon);
  }
  const until = Date.now() + daemon.readyWithinMs;
  while (!(await answers(address))) {
    if (recorded(daemon) === null) throw new Error(`${name} has ended while it started:\n${logTail(daemon)}`);
    if (Date.now() > until)
      throw new Error(`${name} does not serve after ${daemon.readyWithinMs / 1_000} s:\n${logTail(daemon)}`);
    await pause(LOOK_MS);
  }
}

/** Asks it to end, then kills it; true if it ran. */
export async function stop(daemon: Daemon): Promise<boolean> {
  const running = recorded(daemon);
  if (running === null) return false;
  process.kill(running.pid, 'SIGTERM');
  const until = Date.now() + GRACE_MS;
  while (recorded(daemon) !== null && Date.now() < until) await pause(LOOK_MS);
  if (recorded(daemon) !== null) process.kill(running.pid, 'SIGKILL');
  while (recorded(daemon) !== null) await pause(LOOK_MS);
  rmSync(pidFile(daemon), { force: true });
  return true;
}

/** At once, as a crash would: for tests of faults. */
export function kill(daemon: Daemon, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  const running = recorded(daemon);
  if (running === null) throw new Error(`${daemon.name} does not run`);
  process.kill(running.pid, signal);
}

export async function stateOf(daemon: Daemon): Promise<DaemonState> {
  if (recorded(daemon) === null) return 'stopped';
  return (await answers(daemon.address)) ? 'running' : 'starting';
}

function launch(daemon: Daemon): void {
  const { command, args, directory } = daemon;
  mkdirSync(directory, { recursive: true });
  const log = openSync(join(directory, 'log.txt'), 'a');
  const child = spawn(command, [...args], { cwd: directory, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${daemon.name}: ${command} cannot be run`);
  writeFileSync(pidFile(daemon), JSON.stringify({ pid: child.pid, began: beganAt(child.pid) }));
  child.unref();
}

/** The process of the pid file, if it lives. */
function recorded(daemon: Daemon): Recorded | null {
  if (!existsSync(pidFile(daemon))) return null;
  const found = JSON.parse(readFileSync(pidFile(daemon), 'utf8')) as Recorded;
  return beganAt(found.pid) === found.began && found.began !== '' ? found : null;
}

/** When a process began, in the kernel's words; empty when it does not live, or is a zombie nobody waits for. */
function beganAt(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return isAlive(pid) && !existsSync('/proc/self/stat') ? 'unknown' : '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function answers({ host, port }: Daemon['address']): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function pidFile({ directory }: Daemon): string {
  return join(directory, 'pid.json');
}

function logTail({ directory }: Daemon): string {
  const file = join(directory, 'log.txt');
  if (!existsSync(file)) return '(no log)';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}
