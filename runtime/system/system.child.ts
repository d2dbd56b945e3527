/**
 * Run as a process of its own by `rejections.test`: what Node itself does with rejections and with ES modules' imports.
 */

import type { RunningStep } from '../../framework/core/running';
import { runAsync, runSync } from '../../framework/core/running';
import { watchRejections } from './rejections';
import { installTraps } from './traps';

const step: RunningStep & { readonly method: string } = {
  now: () => 1_000,
  random: () => 0.25,
  fault: (what, cure) => new Error(`${what}: ${cure}`),
  muted: false,
  method: 'redeem',
};

const modes: Record<string, () => Promise<void> | void> = {
  /** Rejections of a step, now and later, then one of a stranger. */
  async floating() {
    const stop = watchRejections((of, reason) => {
      console.log(`floating ${(of as typeof step).method} ${(reason as Error).message}`);
    });
    runAsync(step, () => void Promise.reject(new Error('at once')));
    runAsync(step, () => {
      void (async () => {
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('later');
      })();
    });
    runAsync(step, () => void Promise.resolve().then(() => Promise.reject(new Error('derived'))));
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log('alive');
    stop();
  },
  stranger() {
    watchRejections(() => console.log('never'));
    void Promise.reject(new Error('of a stranger'));
    setTimeout(() => console.log('never'), 1_000);
  },
  async handled() {
    watchRejections(() => console.log('never'));
    process.on('unhandledRejection', (reason) => console.log(`own handler: ${(reason as Error).message}`));
    void Promise.reject(new Error('of a stranger'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log('alive');
  },
  async stopped() {
    watchRejections(() => console.log('never'))();
    runAsync(step, () => void Promise.reject(new Error('nobody watches')));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  },
  async imports() {
    installTraps();
    const crypto = await import('node:crypto');
    const timers = await import('node:timers/promises');
    const draws = [0, 1].map(() => runSync(step, () => crypto.randomUUID()));
    console.log(draws[0] === draws[1], draws[0] === crypto.randomUUID());
    try {
      runSync(step, () => void timers.setTimeout(1));
    } catch (error) {
      console.log((error as Error).message);
    }
  },
};

void modes[process.argv[2] ?? '']?.();
