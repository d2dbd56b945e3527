import { divergence } from '../../../framework/core/compare';
import { PerdureError } from '../../../framework/errors';
import { World } from '../world/world';
import { Alarms } from './alarms';
import { buildOf, isForNewerBuild } from './site';

const KEY = { namespace: 'default', type: 't', id: '1' };
const diverged = (recorded: number, present: number): PerdureError => {
  const builds = { recorded: buildOf(recorded), present: buildOf(present) };
  return divergence(KEY, { seq: 3, index: 0 }, { fact: 'other fields', builds, details: {} });
};

describe('what a host says to the people who run it', () => {
  it.each([
    ['an older build that cannot repeat what a newer one recorded (S29)', diverged(2, 1), 0],
    ['a build that cannot repeat what it recorded itself (S25)', diverged(1, 1), 1],
    ['a newer build that cannot repeat what an older one recorded (S25)', diverged(1, 2), 1],
    ['a store that cannot be reached', new PerdureError('unavailable', 'away'), 0],
    ['any other error', new Error('a mistake'), 1],
  ])('is an alarm or not, by what it is: %s', (_what, error, alarms) => {
    const raised = new Alarms(new World({ seed: 1 }));
    raised.of('host-1').error({ error, entity: 't/1' }, 'the entity cannot go on');
    expect(raised.raised).toHaveLength(alarms);
  });

  it('names the builds where they differ', () => {
    expect(diverged(2, 1).message).toContain("(recorded by build 'b-2', run by 'b-1')");
    expect(diverged(1, 1).message).not.toContain('recorded by');
    expect([diverged(2, 1), diverged(1, 1)].map(isForNewerBuild)).toEqual([true, false]);
  });
});
