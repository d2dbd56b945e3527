import { Driver, KEY } from './entity-driver.fixture';
import { decodeRecord, encodeRecord, recordHash } from '../codec/record';
import { Entity, Signal } from '../model/decorators';
import type { FenceRecord, Link, SealRecord } from './history';
import { Replay } from './replay';

@Entity('fenced')
class Fenced {
  total = 0;
  @Signal() add(n: number): void {
    this.total += n;
  }
}

const HEADER = { seq: 2, epoch: 2, build: 'build-2' };

async function replayed(boundary: (prev: Link) => FenceRecord | SealRecord): Promise<Replay> {
  const d = new Driver(Fenced);
  await d.send('add', [3]);
  const replay = new Replay(KEY, d.definition, d.environment);
  for (const row of d.rows) await replay.record(decodeRecord(row), recordHash(row), true);
  const bytes = encodeRecord(boundary(replay.link as Link));
  await replay.record(decodeRecord(bytes), recordHash(bytes), true);
  return replay;
}

describe('replay of FENCE and SEAL rows', () => {
  it.each(['fence', 'seal'] as const)('a %s moves the chain on and changes nothing else (C6, S26a)', async (kind) => {
    const replay = await replayed((prev) => ({ kind, ...HEADER, prev }));
    expect(replay.link).toMatchObject({ seq: 2, epoch: 2 });
    expect(replay.build).toBe('build-1');
    expect(replay.turnsSinceSnapshot).toBe(1);
    expect((replay.instance?.object as Fenced).total).toBe(3);
  });

  it('one that does not name the row before it breaks the chain (C6)', async () => {
    const elsewhere = replayed((prev) => ({ kind: 'fence', ...HEADER, prev: { ...prev, epoch: 7 } }));
    await expect(elsewhere).rejects.toMatchObject({ code: 'internal', reason: 'corrupt' });
  });
});
