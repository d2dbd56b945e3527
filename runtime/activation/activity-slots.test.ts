import { ActivitySlots } from './activity-slots';

describe('the activity slots of a host', () => {
  it('lets so many run at a time, and tells those that wait in turn', () => {
    const slots = new ActivitySlots(2);
    const told: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => () => void told.push(name)) as [() => void, () => void, () => void];
    expect([slots.take(a), slots.take(a), slots.take(b), slots.take(c)]).toEqual([true, true, false, false]);
    slots.give();
    expect(told).toEqual(['b']);
    expect(slots.take(b)).toBe(true);
    slots.give();
    expect(told).toEqual(['b', 'c']);
  });

  it('passes the word on from a runner that has nothing to start any more', () => {
    const slots = new ActivitySlots(1);
    const told: string[] = [];
    const [a, b] = ['a', 'b'].map((name) => () => void told.push(name)) as [() => void, () => void];
    slots.take(a);
    expect([slots.take(a), slots.take(b)]).toEqual([false, false]);
    slots.give();
    expect(told).toEqual(['a']);
    slots.leave(a);
    expect(told).toEqual(['a', 'b']);
  });
});
