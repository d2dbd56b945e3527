/**
 * Renderer: activities that a test watches from another process.
 */

import { activityInfo, heartbeat } from '../framework/activity';

export class Renderer {
  constructor(private readonly note: (line: string) => void) {}

  /** Ends at once. */
  async frame(name: string): Promise<string> {
    this.note(`frame ${name} ${activityInfo().idempotencyKey}`);
    return `${name} by ${process.pid}`;
  }

  /** Ends at the second attempt, or never by itself. */
  async film(name: string): Promise<unknown> {
    const { lastHeartbeat, signal, attempt } = activityInfo();
    this.note(`film ${name} attempt ${attempt}`);
    if (lastHeartbeat !== undefined) return lastHeartbeat;
    heartbeat({ reel: 1 });
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        this.note(`film ${name} aborted`);
        reject(new Error('aborted'));
      }),
    );
  }
}
