/**
 * Poison: pieces that jam the mill, and take their host with them: each kills so many and no more, and is then refused or
 * put aside, or gets through when it jams no more; what comes before and after it is ground all the same (S20).
 */

import 'reflect-metadata';
import { sleep } from '../../../framework/core/functions';
import { isPerdureError } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Signal, Update } from '../../../framework/model/decorators';
import type { EntityClass } from '../../../framework/model/definition';
import { contract } from '../../../framework/model/handle';
import { UNKNOWN } from '../checkers/history';
import type { Operation } from '../checkers/history';
import type { Casualties } from '../faults/casualties';
import { casualtiesOf } from '../faults/casualties';
import { exhaust, hang } from '../faults/sim-watchdog';
import { Asked } from './asked';
import { answerOf, atWork, describe, eventually, isDone, reach } from './calling';
import type { Caller, More, RunContext, Workload } from './workload';

interface Mill {
  feed(piece: string): void;
  grind(piece: string): number;
  soak(piece: string): Promise<number>;
  weigh(piece: string): number;
  whole(): string[];
}

const mill = contract<Mill>('sim-mill', {
  feed: 'signal',
  grind: 'update',
  soak: 'update',
  weigh: 'query',
  whole: 'query',
});

/** How it jams the mill, and when: so many times, in the first version only, or for ever. */
const JAMS = /\.(hangs|exhausts)\.(ever|first|\d)$/;
const FIRST = /\.first$/;

/**
 * `through`: what has been ground by a later version; it jams no host that is behind. Nothing jams any more once hosts
 * have died that should not: it might go on for ever.
 */
function millOf(version: number, casualties: Casualties, through: Set<string>): EntityClass {
  const pass = (piece: string): void => {
    const [, how, when] = JAMS.exec(piece) ?? [];
    if (when === undefined || through.has(piece) || casualties.fault !== null) return;
    if (when === 'first' && version > 1) return void through.add(piece);
    if (/\d/.test(when) && casualties.takenBy(piece) >= Number(when)) return;
    if (how === 'hangs') hang(piece);
    exhaust(piece);
  };

  @Entity('sim-mill')
  class VersionedMill {
    ground: string[] = [];

    @Signal() feed(piece: string): void {
      pass(piece);
      this.ground.push(piece);
    }

    @Update() grind(piece: string): number {
      pass(piece);
      return this.ground.push(piece);
    }

    /** Jams in its second step, if at all, while others wait. */
    @Update() async soak(piece: string): Promise<number> {
      await sleep(5);
      pass(piece);
      return this.ground.push(piece);
    }

    @Query() weigh(piece: string): number {
      pass(piece);
      return this.ground.length;
    }

    @Query() whole(): string[] {
      return this.ground;
    }
  }
  return VersionedMill;
}

const WAYS = ['feed', 'feed', 'grind', 'grind', 'soak', 'weigh'] as const;
type Way = (typeof WAYS)[number];
/** Each costs several hosts, and seconds. */
const JAM_SHARE = 0.02;
const HANG_SHARE = 0.6;

interface Asking {
  readonly way: Way;
  readonly piece: string;
}
/** `refused`: it is not run any more; `skipped`: an operator gave it up. */
type Answer = number | 'ok' | 'refused' | 'skipped';
export type MillOperation = Operation<Asking, Answer>;

export class Poison implements Workload {
  readonly name = 'poison';
  private readonly asked: Asked<Asking, Answer>;
  private readonly operators: Asked<string, string>;
  private readonly casualties: Casualties;
  private readonly through = new Set<string>();
  private readonly mills = new Map<number, EntityClass>();
  private readonly faults: string[] = [];

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
    this.operators = new Asked(run);
    this.casualties = casualtiesOf(run.world);
  }

  entities(version: number) {
    const made = this.mills.get(version) ?? millOf(version, this.casualties, this.through);
    this.mills.set(version, made);
    return [made];
  }

  call(caller: Caller, more: More): Promise<void> {
    const { draw } = caller;
    return atWork(caller, more, async (name) => {
      const [key, way, jams] = [draw.of(this.run.ids), draw.of(WAYS), draw.float() < JAM_SHARE];
      const piece = jams ? `${name}.${this.jam(caller, way)}` : name;
      if (jams) await this.jamOnce(caller, key, { way, piece });
      else await this.ask(caller, key, { way, piece });
    });
  }

  /** Lets every mill come to rest. */
  async settle(auditor: Caller): Promise<void> {
    for (const id of this.run.ids) {
      await eventually(auditor, async () => {
        await this.mind(auditor, id);
        const found = await describe(auditor, mill, id);
        return found === null || isDone(found);
      });
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const fault = this.asked.complaints[0] ?? this.operators.complaints[0] ?? this.faults[0] ?? this.casualties.fault;
    if (fault !== null) return fault;
    for (const id of this.run.ids) {
      const ground = (await answerOf(() => reach(auditor, mill, id).whole())) ?? [];
      const wrong = millFault(
        ground,
        this.asked.operations.filter(({ key }) => key === id),
      );
      if (wrong !== null) return `mill ${id}: ${wrong}`;
    }
    return null;
  }

  /** A host that is out of memory leaves no row behind, unless it takes the mill's own input to its next host. */
  private jam({ draw }: Caller, way: Way): string {
    const ever = draw.float() < 0.5 ? 'ever' : this.run.versions > 1 && way !== 'weigh' ? 'first' : '1';
    if (draw.float() < HANG_SHARE) return `hangs.${ever}`;
    return `exhausts.${way === 'soak' ? ever : draw.of(['1', '2'])}`;
  }

  /**
   * Asks until it is answered, or put aside for a later version, and then once more: it is answered the same. Gives up
   * where hosts die that should not, for that may go on for ever.
   */
  private async jamOnce(caller: Caller, key: string, asking: Asking): Promise<void> {
    let answer = await this.ask(caller, key, asking);
    if (asking.way === 'weigh') return;
    while (answer === UNKNOWN && this.casualties.fault === null) {
      const held = await this.mind(caller, key).catch(passing);
      if (held !== null && FIRST.test(asking.piece)) return;
      answer = await this.ask(caller, key, asking);
    }
    await this.ask(caller, key, asking);
  }

  private async ask(caller: Caller, key: string, op: Asking): Promise<Answer | typeof UNKNOWN> {
    const { client, patienceMs } = caller;
    const { way, piece } = op;
    const options = way === 'weigh' ? {} : { messageId: piece };
    const handle = client.call(client.entity(mill, key), { ...options, timeout: patienceMs });
    const call = async (): Promise<Answer> => (await handle[way](piece)) ?? 'ok';
    return this.asked.ask({ caller, key, op, call, refused: (error) => this.refused(way, error) });
  }

  private refused(way: Way, { code, reason, message }: PerdureError): Answer | null {
    if (code === 'failed' && reason === 'skipped') return 'skipped';
    if (code === 'not_found' && way === 'weigh') return 0;
    return code === 'internal' && this.casualties.excuse(message) ? 'refused' : null;
  }

  /** An operator looks at what is held, and gives it up unless a later version gets it through. Null if nothing is held. */
  private async mind(caller: Caller, key: string): Promise<'held' | null> {
    const { client } = caller;
    const held = (await describe(caller, mill, key))?.held ?? null;
    if (held === null) return null;
    this.run.world.count('poison.held');
    const { message } = held.failure;
    if (!this.casualties.excuse(message)) this.faults.push(`mill ${key} is held: ${message}`);
    if (message.includes('.first did not end')) return 'held';
    const call = () => client.skip(client.entity(mill, key)).then(() => 'ok');
    const refused = ({ code }: PerdureError) => (code === 'conflict' ? 'nothing' : null);
    await this.operators.ask({ caller, key, op: 'skip', call, refused });
    return 'held';
  }
}

function passing(error: unknown): null {
  if (isPerdureError(error)) return null;
  throw error;
}

/** What is wrong with what a mill at rest has ground, and with what was told of it. */
export function millFault(ground: readonly string[], operations: readonly MillOperation[]): string | null {
  const twice = ground.find((piece, at) => ground.indexOf(piece) < at);
  if (twice !== undefined) return `${twice} is there twice`;
  const never = ground.find((piece) => piece.endsWith('.ever'));
  if (never !== undefined) return `${never} never ends, and is there`;
  const answers = new Map<string, Answer>();
  const last = new Map<string, number>();
  for (const { client, op, output } of operations) {
    const { way, piece } = op;
    if (output === UNKNOWN || way === 'weigh') continue;
    const known = answers.get(piece) ?? output;
    answers.set(piece, output);
    if (known !== output) return `${piece} was answered ${known}, and ${output}`;
    const at = ground.indexOf(piece);
    const given = output === 'skipped' || output === 'refused';
    if (given && at >= 0) return `${piece} was ${output}, and is there`;
    if (typeof output === 'number' && output !== at + 1)
      return `${piece} was told place ${output}, and is in ${at + 1}`;
    if (at < 0 && !given && !JAMS.test(piece)) return `${piece} was acknowledged, and is not there`;
    if (at < 0) continue;
    if (at < (last.get(client) ?? -1)) return `${piece} stands before what its sender sent before it`;
    last.set(client, at);
  }
  return null;
}
