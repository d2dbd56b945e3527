/**
 * Simulated messenger: the Messenger port of one process over the simulated network.
 *
 * Owns: who listens to which subject, drawing one of a queue, what a sender learns when nobody listens.
 * Does not own: delays, losses, cuts, pauses (`sim-network`).
 *
 * Invariants:
 * 1. The listener is chosen when the frame is sent, and hears it only if it still listens when it comes. A paused one is
 *    chosen like any other, for its connection stands.
 * 2. A sender is told that nobody listens only if no copy of the frame was heard.
 */

import type { Ear, Messenger } from '../../ports/messenger';
import type { Frame } from '../../wire/frame';
import { plainCopy } from '../world/plain-copy';
import type { SimStream } from '../world/random';
import type { SimNetwork } from './sim-network';
import type { SimProcess } from '../world/sim-process';

/** What it needs of a network, whatever else that carries. */
export type Carrier = Pick<SimNetwork, 'world' | 'carry' | 'receive' | 'noListener' | 'isCutOff'>;

interface Listener {
  readonly process: SimProcess;
  readonly hear: (frame: Frame) => void;
  open: boolean;
}

/** As NATS servers have by default. */
const MAX_PAYLOAD_BYTES = 1_048_576;
const NOBODY: readonly Listener[] = [];

/** The subjects of one network; its processes get their messengers here. */
export class SimSubjects {
  readonly #listeners = new Map<string, Listener[]>();
  readonly #draw: SimStream;
  #inboxes = 0;

  constructor(private readonly network: Carrier) {
    this.#draw = network.world.random.stream('messenger.queue');
  }

  messengerOf(process: SimProcess): Messenger {
    const listen = (subject: string, hear: (frame: Frame) => void): Ear => this.#listen(subject, process, hear);
    const { network } = this;
    return {
      get connected() {
        return !network.isCutOff(process.name);
      },
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
      send: (subject, frame, unheard) => this.#send(process, subject, frame, unheard),
      listen,
      inbox: (hear) => listen(`inbox.${process.name}.${(this.#inboxes += 1)}`, hear),
    };
  }

  #listen(subject: string, process: SimProcess, hear: (frame: Frame) => void): Ear {
    const listener: Listener = { process, hear, open: true };
    this.#listeners.set(subject, [...this.#living(subject), listener]);
    return {
      subject,
      close: () => {
        listener.open = false;
        const left = this.#living(subject);
        if (left.length === 0) this.#listeners.delete(subject);
        else this.#listeners.set(subject, [...left]);
      },
    };
  }

  #living(subject: string): readonly Listener[] {
    return this.#listeners.get(subject)?.filter(listens) ?? NOBODY;
  }

  #send(from: SimProcess, subject: string, frame: Frame, unheard: () => void): void {
    if (!from.issue()) return;
    const { network } = this;
    const carried = plainCopy(frame);
    const living = this.#living(subject);
    const listener = living.length > 1 ? this.#draw.of(living) : living[0];
    const to = listener?.process.name ?? subject;
    const back = (): void => network.carry(to, from.name, () => network.receive(from, unheard));
    let came = false;
    network.carry(from.name, to, () => {
      const first = !came;
      came = true;
      if (listener === undefined || !listens(listener)) {
        if (first) network.noListener(back);
        return;
      }
      network.receive(listener.process, () => {
        if (listener.open) listener.hear(carried);
      });
    });
  }
}

function listens({ process, open }: Listener): boolean {
  return open && process.alive;
}
