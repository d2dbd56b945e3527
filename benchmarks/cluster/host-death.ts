/**
 * Host death: one of three hosts is killed at full load (P14).
 *
 * Each caller calls accounts of its own, one after the other, and waits for each as long as it takes; so what the dead
 * host owned stands still until others have taken it over. A second figure is when the whole rate is back. In the end
 * every account has exactly the points that were acknowledged.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Handle } from 'perdure';
import type { PerdureClient } from 'perdure/client';
import { connect, nats } from 'perdure/client';
import { HEARTBEAT_DEAD_MS, HEARTBEAT_MS } from '../../runtime/config';
import { Account } from '../accounts';
import { figure } from '../rounds';
import type { BenchOptions, Findings, Workload } from '../workload';
import { Peer } from './peers';
import { keyspaceForBenchmarks, natsForBenchmarks } from './servers';

const HOSTS = 3;
const POINTS = 12;
const PATIENCE = '2 minutes';
/** The rate is looked at over so long. */
const WINDOW_MS = 500;
const BACK = 0.9;
/** Who had asked by then, and was answered later than a host can be taken for dead, had asked the dead one. */
const ASKED_MS = 2_000;
const DETECTED_MS = HEARTBEAT_DEAD_MS - 2 * HEARTBEAT_MS;

interface Size {
  readonly accounts: number;
  readonly callers: number;
  readonly kills: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

const FULL: Size = { accounts: 1_000, callers: 250, kills: 5, beforeMs: 10_000, afterMs: 30_000 };
const QUICK: Size = { accounts: 100, callers: 50, kills: 1, beforeMs: 2_000, afterMs: 15_000 };

interface Death {
  /** From the kill to the first answer of an account that the dead host owned, seconds. */
  readonly firstS: number;
  /** From then until the rate is back, seconds; what was waited for if it is not. */
  readonly backS: number;
}

export const hostDeath: Workload = {
  name: 'host-death',
  about: 'one of three hosts over NATS and Cassandra is killed at full load',
  run,
};

async function run({ quick, say }: BenchOptions): Promise<Findings> {
  const size = quick ? QUICK : FULL;
  const [servers, store] = [await natsForBenchmarks(), await keyspaceForBenchmarks('death')];
  const prefix = `bench-death-${process.pid}`;
  const start = (): Promise<Peer> => Peer.start({ serves: 'accounts', nats: servers, prefix, store });
  const hosts: Peer[] = [];
  for (let i = 0; i < HOSTS; i += 1) hosts.push(await start());
  const client = await connect(nats({ servers, prefix }));
  const callers = new Callers(client, size);
  try {
    const deaths: Death[] = [];
    for (let kill = 1; kill <= size.kills; kill += 1) {
      say(`kill ${kill} of ${size.kills}`);
      await pause(size.beforeMs);
      const killedAt = performance.now();
      hosts.shift()?.kill();
      await pause(size.afterMs);
      deaths.push(callers.death(killedAt, size));
      hosts.push(await start());
    }
    const wrong = await callers.end();
    return findings(deaths, wrong);
  } finally {
    await client.close();
    await Promise.all(hosts.map((host) => host.end()));
  }
}

function findings(deaths: readonly Death[], wrong: number): Findings {
  const atMost = (name: string, target: number, unit: 's' | 'accounts', values: readonly number[]) =>
    figure({ name, goal: 'P14', bound: 'at most', target, unit }, values);
  return {
    figures: [
      atMost(
        'first answer of what the dead host owned, after the kill',
        HEARTBEAT_DEAD_MS / 1_000 + 1,
        's',
        deaths.map(({ firstS }) => firstS),
      ),
      atMost(
        `rate back to ${BACK} ×, after that`,
        5,
        's',
        deaths.map(({ backS }) => backS),
      ),
      atMost('accounts with points lost or doubled', 0, 'accounts', [wrong]),
    ],
    sides: [],
  };
}

/** In a closed loop, until they are told to end. */
class Callers {
  private readonly handles: readonly Handle<Account>[];
  private readonly acknowledged: Uint32Array;
  /** When each answer came, and from when on its caller had waited for it. */
  private answers: { readonly atMs: number; readonly sinceMs: number }[] = [];
  private readonly loops: readonly Promise<void>[];
  private over = false;

  constructor(client: PerdureClient, { accounts, callers }: Size) {
    this.handles = Array.from({ length: accounts }, (_, no) =>
      client.call(client.entity(Account, `D-${no}`), { timeout: PATIENCE }),
    );
    this.acknowledged = new Uint32Array(accounts);
    this.loops = Array.from({ length: callers }, (_, caller) => this.loop(caller, callers));
  }

  death(killedAt: number, { beforeMs, afterMs }: Size): Death {
    const { answers } = this;
    this.answers = [];
    const late = answers.filter(({ atMs, sinceMs }) => sinceMs <= killedAt + ASKED_MS && atMs > killedAt + DETECTED_MS);
    const firstMs = Math.min(...late.map(({ atMs }) => atMs));
    const between = (fromMs: number, toMs: number): number =>
      answers.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length / (toMs - fromMs);
    const before = between(killedAt - beforeMs / 2, killedAt);
    let backMs = firstMs;
    while (backMs < killedAt + afterMs && between(backMs, backMs + WINDOW_MS) < BACK * before) backMs += WINDOW_MS / 5;
    return { firstS: (firstMs - killedAt) / 1_000, backS: (backMs - firstMs) / 1_000 };
  }

  /** How many accounts have other points than were acknowledged. */
  async end(): Promise<number> {
    this.over = true;
    await Promise.all(this.loops);
    const balances = await Promise.all(this.handles.map((account) => account.balance()));
    return balances.filter((points, no) => points !== POINTS * (this.acknowledged[no] ?? 0)).length;
  }

  private async loop(caller: number, callers: number): Promise<void> {
    for (let no = caller; !this.over; no = no + callers < this.handles.length ? no + callers : caller) {
      const sinceMs = performance.now();
      await this.handles[no]?.earn({ points: POINTS });
      this.acknowledged[no] = (this.acknowledged[no] ?? 0) + 1;
      this.answers.push({ atMs: performance.now(), sinceMs });
    }
  }
}
