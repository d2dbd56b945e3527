import type { Activation } from '../activation/activation';
import { Residents } from './residents';

/** As much of an activation as the line looks at. */
function resident(name: string, idle = true, bytes = 100) {
  return {
    name,
    idle,
    leaving: false,
    instance: null,
    footprint: { bytes, measure: () => 0 },
  } as unknown as Activation;
}

function lineOf(limits: { residentEntities?: number; residentBytes?: number }) {
  const line = new Residents({ residentEntities: Infinity, residentBytes: Infinity, ...limits });
  const out: string[] = [];
  const passivate = async (one: Activation): Promise<void> => {
    out.push(one.name);
    line.leave(one);
  };
  return { line, out, passivate };
}

describe('the entities of a host that are in memory', () => {
  it('leave in the order of their last use, whichever shard they are of', async () => {
    const { line, out, passivate } = lineOf({ residentEntities: 2 });
    const [a, b, c] = [resident('a'), resident('b'), resident('c')];
    const otherShard = async (one: Activation): Promise<void> => {
      out.push(`other ${one.name}`);
      line.leave(one);
    };
    line.enter(a, passivate);
    line.enter(b, otherShard);
    line.rested(a);
    line.enter(c, passivate);
    await Promise.resolve();
    expect(out).toEqual(['other b']);
  });

  it('stay while they have something to do, and do not stand in the way of others', () => {
    const { line, out, passivate } = lineOf({ residentEntities: 1 });
    line.enter(resident('busy', false), passivate);
    line.enter(resident('idle'), passivate);
    expect(out).toEqual(['idle']);
  });
});
