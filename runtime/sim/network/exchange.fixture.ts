/** Numbers sent to processes by name, and answered, over a simulated network: what its ways do to messages and replies. */

import type { SimProcess } from '../world/sim-process';
import type { SimNetwork } from './sim-network';

type Answer = (n: number) => number;

export class Exchange {
  private readonly listeners = new Map<string, { readonly process: SimProcess; readonly answer: Answer }>();

  constructor(private readonly network: SimNetwork) {}

  /** In place of an earlier process of that name, until it dies. */
  listen(process: SimProcess, answer: Answer): void {
    const listener = { process, answer };
    this.listeners.set(process.name, listener);
    process.onDeath(() => {
      if (this.listeners.get(process.name) === listener) this.listeners.delete(process.name);
    });
  }

  /** Any number of replies; -1: nobody listens. */
  send(from: SimProcess, to: string, n: number, replied: (reply: number) => void): void {
    if (!from.issue()) return;
    const { network } = this;
    const back = (reply: number): void =>
      network.carry(to, from.name, () => network.receive(from, () => replied(reply)));
    network.carry(from.name, to, () => {
      const listener = this.listeners.get(to);
      if (listener === undefined) return network.noListener(() => back(-1));
      const { process, answer } = listener;
      network.receive(process, () => {
        const reply = answer(n);
        if (process.issue()) back(reply);
      });
    });
  }
}
