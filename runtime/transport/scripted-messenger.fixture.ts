/**
 * Scripted messenger: remembers what was sent; the test lets frames be heard, and tells senders that nobody listens.
 */

import type { Ear, Messenger, Unheard } from '../ports/messenger';
import type { Answer, Frame } from '../wire/frame';

export interface SentFrame {
  readonly subject: string;
  readonly frame: Frame;
  readonly unheard: Unheard;
}

export class ScriptedMessenger implements Messenger {
  readonly connected = true;
  readonly sent: SentFrame[] = [];
  readonly listening = new Map<string, string | null>();
  private readonly ears = new Map<string, (frame: Frame) => void>();

  constructor(readonly maxPayloadBytes = 1_048_576) {}

  send(subject: string, frame: Frame, unheard: Unheard): void {
    this.sent.push({ subject, frame, unheard });
  }

  listen(subject: string, hear: (frame: Frame) => void, options?: { readonly queue: string }): Ear {
    this.ears.set(subject, hear);
    this.listening.set(subject, options?.queue ?? null);
    return {
      subject,
      close: () => {
        this.ears.delete(subject);
        this.listening.delete(subject);
      },
    };
  }

  inbox(hear: (frame: Frame) => void): Ear {
    return this.listen('inbox', hear);
  }

  /** Lets a frame come; nothing happens where nobody listens. */
  hear(subject: string, frame: Frame): void {
    this.ears.get(subject)?.(frame);
  }

  /** Answers of a host come to the client. */
  answer(...answers: Answer[]): void {
    this.hear('inbox', { kind: 'answers', session: 'a', answers });
  }

  /** What was sent since the last call, as subject and kind. */
  taken(): string[] {
    return this.sent.splice(0).map(({ subject, frame }) => `${frame.kind} to ${subject}`);
  }
}
