import type { EntityKey } from '../../../framework/model/identity';
import { listedIndex, Owners, SHARD } from './owners.fixture';

const KEY: EntityKey = { namespace: 'default', type: 't', id: 'k-1' };
const INDEX = listedIndex(1);

async function touched(owners: Owners): Promise<readonly string[]> {
  const parts = (await owners.model.parts(SHARD)).filter(({ kind }) => kind === 'touch');
  const found: string[] = [];
  for (const part of parts)
    for (const { at, key } of await owners.model.entries(SHARD, part, null, 100))
      found.push(`${part.bucket} ${key.id} ${at} in ${part.epoch}`);
  return found;
}

describe('which builds have touched an entity', () => {
  it('is entered with its first record of an epoch, once (C10)', async () => {
    const owners = new Owners();
    const session = await owners.next();
    expect(await session.touches.any()).toBe(false);
    await owners.adopt(session, KEY, INDEX);
    for (let turns = 0; turns < 3; turns += 1) await owners.turn(session, KEY, INDEX);
    expect(await touched(owners)).toEqual(['b/t k-1 1 in 1']);
    expect(await session.touches.any()).toBe(true);
  });

  it('is entered again at adoption, for the last owner may have left it out, and not for a FENCE (C6, C10)', async () => {
    const owners = new Owners();
    const first = await owners.next();
    await owners.adopt(first, KEY, INDEX);
    for (let turns = 0; turns < 2; turns += 1) await owners.turn(first, KEY, INDEX);
    const second = await owners.next();
    await owners.adopt(second, KEY, INDEX);
    expect(await touched(owners)).toEqual(['b/t k-1 1 in 1', 'b/t k-1 2 in 2']);
    const third = await owners.next();
    await owners.adopt(third, KEY, INDEX);
    expect(await touched(owners)).toEqual(['b/t k-1 1 in 1', 'b/t k-1 2 in 2', 'b/t k-1 2 in 3']);
    await owners.turn(third, KEY, INDEX);
    expect(await touched(owners)).toHaveLength(3);
  });

  it('is known of every epoch, and only of the running build (S29)', async () => {
    const owners = new Owners();
    const first = await owners.next();
    await owners.turn(first, KEY, INDEX);
    owners.build = 'b-2';
    const second = await owners.next();
    expect(await second.touches.any()).toBe(false);
    await owners.adopt(second, KEY, INDEX);
    expect(await second.touches.any()).toBe(false);
    await owners.turn(second, KEY, INDEX);
    const third = await owners.next();
    expect(await third.touches.any()).toBe(true);
  });

  it('stays none once it is frozen, and it is not frozen once there is one (S29)', async () => {
    const owners = new Owners();
    const first = await owners.next();
    expect(first.touches.freeze()).toBe(true);
    expect(await owners.turn(first, KEY, INDEX)).toBe('refused');
    expect(await touched(owners)).toEqual([]);
    const second = await owners.next();
    const turn = owners.turn(second, { ...KEY, id: 'k-2' }, INDEX);
    expect(await turn).toBe('ok');
    expect(second.touches.freeze()).toBe(false);
  });
});
