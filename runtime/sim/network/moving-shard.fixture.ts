/**
 * Moving shard: real clients against two model hosts that hand one shard back and forth, over a faulty network.
 *
 * Owns: the hosts, the moves, what callers were told, the verdict. Does not own: the entities (`model-shop`); client,
 * transport and frames, which are the real ones.
 *
 * An owner applies a message at one instant, and only while it owns the shard; what it believes of another owner is up to
 * `BEAT_MS` old. Now and then its session ends with the move.
 */

import { PerdureError, isPerdureError } from '../../../framework/errors';
import { errorReply } from '../../activation/replies';
import type { PerdureClient } from '../../client';
import { createClient } from '../../client/client';
import { serveFrames } from '../../transport/frame-server';
import { RoutedTransport } from '../../transport/routed-transport';
import type { Reply, Request } from '../../wire/envelope';
import type { Owner } from '../../wire/frame';
import type { FaultProfile } from '../faults/fault-profile';
import { FaultDial, PROFILES } from '../faults/fault-profile';
import type { Shop } from './model-shop.fixture';
import { ModelShop, shop } from './model-shop.fixture';
import type { Range, SimStream } from '../world/random';
import { SimClock } from '../world/sim-clock';
import { simEntropy } from '../world/sim-entropy';
import { SimSubjects } from './sim-messenger';
import { SimNetwork } from './sim-network';
import { SimProcess } from '../world/sim-process';
import { label } from '../world/trace';
import { World } from '../world/world';

const HOSTS = ['host-1', 'host-2'];
const SHOPS = ['s-1', 's-2', 's-3', 's-4', 's-5'];
const METHODS = ['add', 'give', 'take', 'take'] as const;
const CLIENTS = 3;
const ROUNDS = 30;
const BEAT_MS: Range = [500, 500];
const MOVE_MS: Range = [200, 3_000];
const SESSION_OVER = 0.3;
const WORK_MS: Range = [0, 30];
const PAUSE_MS: Range = [0, 600];
const PATIENCE_MS: Range = [1_000, 20_000];
const LONGEST_MS = 24 * 3_600_000;
const HEALED_MS = 60_000;
const TICK = label('moving-shard');

interface Call {
  readonly client: string;
  readonly shop: string;
  readonly method: keyof Shop;
  readonly round: number;
  /** Applied; or neither applied nor ever to be; or nobody knows. */
  readonly known: 'applied' | 'not' | 'unknown';
}

export interface MovingShard {
  /** Null when everything that callers were told fits what the shops hold. */
  readonly fault: string | null;
  readonly calls: readonly Call[];
  readonly counts: ReadonlyMap<string, number>;
}

/** Runs one seed. */
export async function runMovingShard(seed: number, profile: FaultProfile): Promise<MovingShard> {
  const world = new World({ seed });
  const dial = new FaultDial(profile);
  const site = new MovingSite(world, dial);
  const callers = Array.from({ length: CLIENTS }, (_, i) => new Caller(`client-${i + 1}`, site));
  await world.complete(Promise.all(callers.map((caller) => caller.work())), LONGEST_MS);
  dial.turn(PROFILES.calm);
  const healing = Promise.all(callers.map((caller) => caller.call('s-1', 'add', ROUNDS, HEALED_MS)));
  await world.complete(healing, world.nowMs + 2 * HEALED_MS);
  const calls = callers.flatMap((caller) => caller.calls);
  const complaint = callers.flatMap((caller) => caller.complaints)[0] ?? null;
  const fault = complaint ?? unhealed(calls) ?? SHOPS.map((id) => verdict(id, site.shopOf(id), calls)).find(isFault);
  return { fault: fault ?? null, calls, counts: world.counts };
}

class MovingSite {
  readonly subjects: SimSubjects;
  owner: Owner = { session: '', epoch: 0 };
  private readonly hosts: readonly ModelHost[];
  private readonly shops = new Map<string, ModelShop>();
  private readonly draw: SimStream;

  constructor(
    readonly world: World,
    dial: FaultDial,
  ) {
    this.draw = world.random.stream('moving-shard');
    this.subjects = new SimSubjects(new SimNetwork(world, dial));
    this.hosts = HOSTS.map((name) => new ModelHost(name, this));
    this.every(MOVE_MS, () => this.move());
    this.every(BEAT_MS, () => this.hosts.forEach((host) => (host.seen = this.owner)));
    this.move();
  }

  shopOf(id: string): ModelShop {
    const known = this.shops.get(id);
    if (known !== undefined) return known;
    const made = new ModelShop();
    this.shops.set(id, made);
    return made;
  }

  private move(): void {
    const { epoch } = this.owner;
    const [from, to] = [this.hosts[epoch % 2], this.hosts[(epoch + 1) % 2]] as [ModelHost, ModelHost];
    if (this.draw.float() < SESSION_OVER) from.begin();
    this.owner = { session: to.session, epoch: epoch + 1 };
  }

  private every(range: Range, act: () => void): void {
    this.world.at(this.world.nowMs + this.draw.between(range), TICK, () => {
      act();
      this.every(range, act);
    });
  }
}

class ModelHost {
  session = '';
  seen: Owner | null = null;
  private readonly process: SimProcess;
  private readonly clock: SimClock;
  private readonly draw: SimStream;
  private sessions = 0;
  private over = (): void => undefined;

  constructor(
    private readonly name: string,
    private readonly site: MovingSite,
  ) {
    this.process = new SimProcess(site.world, name);
    this.clock = new SimClock(this.process);
    this.draw = site.world.random.stream(name);
    this.begin();
  }

  /** One session after another. */
  begin(): void {
    this.over();
    this.sessions += 1;
    const session = `${this.name}.${this.sessions}`;
    this.session = session;
    const owns = (): boolean => this.site.owner.session === session;
    const owner = (): Owner | null => (owns() ? this.site.owner : this.seen?.session === session ? null : this.seen);
    const answer = (request: Request): Promise<Reply> => this.answer(request, owns);
    this.over = serveFrames(
      { messenger: this.site.subjects.messengerOf(this.process), clock: this.clock },
      { member: { session, shards: 1, answered: true, owner }, namespace: 'default', types: ['shop'], answer },
    );
  }

  private async answer(request: Request, owns: () => boolean): Promise<Reply> {
    if (!owns()) return errorReply(new PerdureError('unavailable', 'not mine', { reason: 'moved' }));
    await new Promise<void>((resolve) => this.clock.after(this.draw.between(WORK_MS), resolve));
    if (!owns()) return errorReply(new PerdureError('unavailable', 'the outcome is unknown'));
    if (request.op !== 'message') return errorReply(new PerdureError('internal', `a shop takes no ${request.op}`));
    return this.site.shopOf(request.key.id).apply(request);
  }
}

class Caller {
  readonly calls: Call[] = [];
  readonly complaints: string[] = [];
  private readonly clock: SimClock;
  private readonly client: PerdureClient;
  private readonly draw: SimStream;

  constructor(
    private readonly name: string,
    { world, subjects }: MovingSite,
  ) {
    const process = new SimProcess(world, name);
    this.clock = new SimClock(process);
    this.draw = world.random.stream(name);
    const transport = new RoutedTransport({ messenger: subjects.messengerOf(process), clock: this.clock });
    this.client = createClient({ transport, clock: this.clock, entropy: simEntropy(process) });
  }

  /** Each round calls two shops at once, and is awaited before the next. */
  async work(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      await new Promise<void>((resolve) => this.clock.after(this.draw.between(PAUSE_MS), resolve));
      const one = this.draw.below(SHOPS.length);
      const other = (one + 1 + this.draw.below(SHOPS.length - 1)) % SHOPS.length;
      const methods = [one, other].map(() => this.draw.of(METHODS));
      await Promise.all(
        [one, other].map((at, i) =>
          this.call(SHOPS[at] as string, methods[i] as keyof Shop, round, this.draw.between(PATIENCE_MS)),
        ),
      );
    }
  }

  async call(id: string, method: keyof Shop, round: number, timeout: number): Promise<void> {
    const handle = this.client.call(this.client.entity(shop, id), { timeout });
    const known = await handle[method](`${this.name}.${round}`).then(
      () => 'applied' as const,
      (error: unknown) => this.failed(`${method} of ${this.name} in round ${round}`, error),
    );
    this.calls.push({ client: this.name, shop: id, method, round, known });
  }

  private failed(what: string, error: unknown): Call['known'] {
    if (!isPerdureError(error)) throw error;
    if (error.code === 'deadline_exceeded') return 'unknown';
    const isNot = error.code === 'rejected' || (error.code === 'unavailable' && error.reason === 'not_served');
    if (!isNot) this.complaints.push(`${what} was answered ${error.code}: ${error.message}`);
    return 'not';
  }
}

function unhealed(calls: readonly Call[]): string | null {
  const open = calls.find(({ round, known }) => round === ROUNDS && known !== 'applied');
  return open === undefined ? null : `${open.client} had no answer within ${HEALED_MS} ms after the last fault`;
}

function verdict(id: string, { applied }: ModelShop, calls: readonly Call[]): string | null {
  for (const { client, shop: at, method, round, known } of calls) {
    if (at !== id) continue;
    const times = applied.filter((value) => value === `${client}.${round}`).length;
    if (times > 1 || (known === 'applied' && times === 0) || (known === 'not' && times > 0)) {
      return `${id} has applied ${method} of ${client} in round ${round} ${times} times; the caller was told ${known}`;
    }
  }
  const newest = new Map<string, number>();
  for (const value of applied) {
    const [client, round] = value.split('.') as [string, string];
    if (Number(round) < (newest.get(client) ?? -1)) return `${id} has applied ${value} after a later one of its client`;
    newest.set(client, Number(round));
  }
  return null;
}

function isFault(fault: string | null): fault is string {
  return fault !== null;
}
