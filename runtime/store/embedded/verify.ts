/**
 * Verify: the full check behind `--verify` (C13).
 *
 * Owns: the walk over all entities and rows, and the list of what is wrong, bounded by `VERIFY_PROBLEMS`.
 * Does not own: what makes a row good; rows are opaque here, the caller's check decodes them and follows the chain.
 */

import { keyText } from '../../../framework/model/identity';
import type { EntityKey } from '../../../framework/model/identity';
import { LIST_PAGE_ENTITIES, PAGE_ROWS, VERIFY_PROBLEMS } from '../../config';
import type { Row } from '../../ports/history-store';
import type { ReaderChannel } from './reader-channel';

/** Throws when `row` does not decode or does not follow `previous` (null for the first row of its entity). */
export type RowCheck = (key: EntityKey, row: Row, previous: Row | null) => void;

export interface VerifyReport {
  readonly entities: number;
  readonly rows: number;
  /** `entity` is null for what concerns the file as a whole. */
  readonly problems: readonly { readonly entity: EntityKey | null; readonly fact: string }[];
}

export async function walkStore(reads: ReaderChannel, check: RowCheck): Promise<VerifyReport> {
  const walk = new Walk(reads, check);
  await walk.file();
  await walk.entities();
  return walk.report;
}

class Walk {
  readonly report = { entities: 0, rows: 0, problems: [] as { entity: EntityKey | null; fact: string }[] };

  constructor(
    private readonly reads: ReaderChannel,
    private readonly check: RowCheck,
  ) {}

  async file(): Promise<void> {
    await this.attempt(null, async () => {
      for (const finding of await this.reads.call('integrity')) this.found(null, finding);
    });
  }

  async entities(): Promise<void> {
    await this.attempt(null, async () => {
      for (let after = 0; ;) {
        const page = await this.reads.call('keys', after, LIST_PAGE_ENTITIES);
        for (const { key } of page) await this.entity(key);
        const last = page.at(-1);
        if (!last) return;
        after = last.no;
      }
    });
  }

  private async entity(key: EntityKey): Promise<void> {
    this.report.entities += 1;
    await this.attempt(key, async () => {
      const known = await this.reads.call('index', key);
      let previous: Row | null = null;
      for (let next: number | null = 1; next !== null;) {
        const page: { rows: Row[]; next: number | null } = await this.reads.call('rows', key, next, PAGE_ROWS);
        for (const row of page.rows) {
          this.check(key, row, previous);
          this.report.rows += 1;
          previous = row;
        }
        next = page.next;
      }
      if (!previous || previous.seq !== known?.seq) this.found(key, `${keyText(key)} has rows missing`);
    });
  }

  private async attempt(entity: EntityKey | null, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.found(entity, error instanceof Error ? error.message : String(error));
    }
  }

  private found(entity: EntityKey | null, fact: string): void {
    if (this.report.problems.length < VERIFY_PROBLEMS) this.report.problems.push({ entity, fact });
  }
}
