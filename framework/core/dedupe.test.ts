import { encodeValue } from '../codec/value';
import { Dedupe, hashId, hashPayload } from './dedupe';
import { Driver, START, scenario } from './entity-driver.fixture';
import { Entity, Signal, Update } from '../model/decorators';
import { activities } from './activities';
import * as limits from './limits';
import { packSegment, unpackSegment } from './segment';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const work = activities<{ a(): Promise<string> }>('work');
const payload = (text: string) => () => text.padEnd(8);
const none = payload('');
const session = (n: number, doneBelow = 0, name = 's') => ({ session: name, n, doneBelow });

@Entity('remembering')
class Remembering {
  total = 0;
  @Signal() add(n: number): void {
    this.total += n;
  }
  @Update() async slow(): Promise<string> {
    return work.a();
  }
}

/** Remembers an id and its outcome. */
function answered(dedupe: Dedupe, id: Parameters<Dedupe['look']>[0], time: number, seq = 1, operation = false): void {
  dedupe.begin(id, none, time, operation);
  dedupe.answer(id, { seq, index: 0 }, time);
}

function reloaded(dedupe: Dedupe): Dedupe {
  return Dedupe.fromImage(JSON.parse(JSON.stringify(dedupe.image(), keepBytes), reviveBytes));
}
const keepBytes = (_key: string, value: unknown) => (value instanceof Uint8Array ? { bytes: [...value] } : value);
const reviveBytes = (_key: string, value: unknown) =>
  typeof value === 'object' && value !== null && 'bytes' in value ? Uint8Array.from(value.bytes as number[]) : value;

describe('an entity', () => {
  scenario('applies an id once and knows where its outcome is (S11, S12)', async (options) => {
    const d = new Driver(Remembering, options);
    await d.send('add', [1], { id: session(1) });
    expect(await d.send('add', [1], { id: session(1) })).toEqual({ state: 'repeat' });
    expect(d.state['total']).toBe(1);
    expect(d.instance.ledger.dedupe.look(session(1), none)).toEqual({ state: 'done', at: { seq: 1, index: 0 } });
    const id = { id: { given: 'order-1' } };
    await d.send('add', [5], id);
    expect(await d.send('add', [5], id)).toEqual({ state: 'repeat' });
    expect(await d.send('add', [6], id)).toEqual({ state: 'conflict' });
    expect(d.state['total']).toBe(6);
  });

  scenario('knows an id as pending until its outcome is there (S12)', async (options) => {
    const d = new Driver(Remembering, options);
    await d.send('add', [1]);
    d.post('slow', [], { id: { given: 'slow-1' } });
    await d.settle();
    expect(await d.send('slow', [], { id: { given: 'slow-1' } })).toEqual({ state: 'pending' });
    await d.finish('a', 'A');
    expect(await d.send('slow', [], { id: { given: 'slow-1' } })).toEqual({ state: 'repeat' });
    expect(d.instance.ledger.dedupe.find({ given: 'slow-1' })).toMatchObject({ operation: false });
  });

  it('hashes a payload without regard to the order of keys (S11)', () => {
    const hash = (value: unknown) => hashPayload(encodeValue([value]));
    expect(hash({ a: 1, b: { c: 2, d: 3 } })).toBe(hash({ b: { d: 3, c: 2 }, a: 1 }));
    expect(hash({ a: 1 })).not.toBe(hash({ a: 2 }));
    expect(hashId('x')).toHaveLength(16);
  });
});

describe('a client session', () => {
  it('forgets what the sender has declared done, and refuses it as too old (S11)', () => {
    const dedupe = new Dedupe();
    for (let n = 1; n <= 5; n += 1) answered(dedupe, session(n), START);
    expect(dedupe.size).toBe(5);
    answered(dedupe, session(6, 4), START);
    expect(dedupe.size).toBe(3);
    expect(dedupe.look(session(3), none)).toEqual({ state: 'too_old' });
    expect(dedupe.look(session(4), none)).toMatchObject({ state: 'done' });
    expect(dedupe.look(session(7), none)).toEqual({ state: 'new' });
  });

  it('keeps an id for a day after it was applied, whatever the count, and never applies it again (S11)', () => {
    const dedupe = new Dedupe();
    dedupe.begin(session(1), none, START, false);
    answered(dedupe, session(3), START);
    answered(dedupe, session(2), START + DAY);
    answered(dedupe, session(4), START + DAY + 2 * HOUR);
    expect(dedupe.look(session(3), none)).toEqual({ state: 'too_old' });
    expect(dedupe.look(session(2), none)).toMatchObject({ state: 'done' });
    expect(dedupe.look(session(1), none)).toEqual({ state: 'pending' });
    dedupe.answer(session(1), { seq: 9, index: 0 }, START + 2 * DAY);
    expect(reloaded(dedupe).look(session(1), none)).toEqual({ state: 'done', at: { seq: 9, index: 0 } });
    expect(reloaded(dedupe).image()).toEqual(dedupe.image());
  });

  it('that was evicted for idleness is still refused its old ids, also after it came back (S11)', () => {
    const dedupe = new Dedupe();
    answered(dedupe, session(1), START);
    answered(dedupe, session(7), START);
    answered(dedupe, session(1, 0, 'other'), START + 2 * DAY);
    expect(dedupe.look(session(7), none)).toEqual({ state: 'too_old' });
    expect(dedupe.look(session(8), none)).toEqual({ state: 'new' });
    const copy = reloaded(dedupe);
    answered(copy, session(8), START + 2 * DAY);
    expect(copy.look(session(7), none)).toEqual({ state: 'too_old' });
    expect(copy.look(session(8), none)).toMatchObject({ state: 'done' });
  });

  it('of which all is declared done is evicted at its mark (S11)', () => {
    const dedupe = new Dedupe();
    answered(dedupe, session(3, 9), START);
    expect(dedupe.size).toBe(1);
    answered(dedupe, session(9, 9), START);
    answered(dedupe, session(10, 11), START);
    answered(dedupe, session(1, 0, 'other'), START + 2 * DAY);
    expect(dedupe.look(session(10), none)).toEqual({ state: 'too_old' });
    expect(dedupe.look(session(11), none)).toEqual({ state: 'new' });
  });

  it('keeps the outcome of a submitted message for seven days, declared done or not (S16)', () => {
    const dedupe = new Dedupe();
    answered(dedupe, session(1), START, 5, true);
    answered(dedupe, session(2, 2), START + 6 * DAY);
    expect(dedupe.look(session(1), none)).toMatchObject({ state: 'done' });
    answered(dedupe, session(3, 3), START + 8 * DAY);
    expect(dedupe.look(session(1), none)).toEqual({ state: 'too_old' });
  });

  it('takes ids out of order (S11)', () => {
    const dedupe = new Dedupe();
    for (const n of [5, 2, 9, 1]) answered(dedupe, session(n), START, n);
    expect(dedupe.look(session(2), none)).toEqual({ state: 'done', at: { seq: 2, index: 0 } });
    expect(dedupe.look(session(3), none)).toEqual({ state: 'new' });
    expect(dedupe.find(session(3))).toBeNull();
    expect(dedupe.find(session(1, 0, 'nobody'))).toBeNull();
  });

  it('that has too many open ids, or is one too many, is told to wait (S11)', () => {
    const dedupe = new Dedupe();
    for (let n = 1; n <= limits.MAX_SESSION_IDS; n += 1) dedupe.begin(session(n), none, START, false);
    expect(dedupe.look(session(limits.MAX_SESSION_IDS + 1), none)).toEqual({ state: 'full' });
    const many = new Dedupe();
    for (let n = 0; n < limits.MAX_SESSIONS; n += 1) many.begin(session(1, 0, `s${n}`), none, START, false);
    expect(many.look(session(1, 0, 'one more'), none)).toEqual({ state: 'full' });
  });

  it('makes room once its sender declares ids done, and does not wait for the message that says so (S11)', () => {
    const dedupe = new Dedupe();
    for (let n = 1; n <= limits.MAX_SESSION_IDS; n += 1) answered(dedupe, session(n), START);
    const next = limits.MAX_SESSION_IDS + 1;
    expect(dedupe.look(session(next, 1), none)).toEqual({ state: 'full' });
    expect(dedupe.look(session(next, next), none)).toEqual({ state: 'new' });
    dedupe.begin(session(next, next), none, START, false);
    expect(dedupe.size).toBe(1);
  });

  it('gives its place to another one when its window has passed, however full the entity is (S11)', () => {
    const dedupe = new Dedupe();
    for (let n = 0; n < limits.MAX_SESSIONS; n += 1) answered(dedupe, session(1, 0, `s${n}`), START + 2 * HOUR);
    const late = START + 2 * HOUR + limits.SESSION_WINDOW_MS;
    expect(dedupe.look(session(1, 0, 'one more'), none, late)).toEqual({ state: 'full' });
    expect(dedupe.look(session(1, 0, 'one more'), none, late + 1)).toEqual({ state: 'new' });
    dedupe.begin(session(1, 0, 'one more'), none, late + 1, false);
    expect(dedupe.size).toBe(1);
  });

  it('is one of the 1,000 evicted ones that are still known (S11)', () => {
    const dedupe = new Dedupe();
    for (let n = 0; n <= limits.MAX_EVICTED_SESSIONS; n += 1) answered(dedupe, session(1, 0, `s${n}`), START);
    answered(dedupe, session(1, 0, 'other'), START + 2 * DAY);
    const states = ['s0', `s${limits.MAX_EVICTED_SESSIONS}`].map(
      (name) => dedupe.look(session(1, 0, name), none).state,
    );
    expect(states.sort()).toEqual(['new', 'too_old']);
  });
});

describe('caller-given ids', () => {
  it('are kept 30 days, then they are new messages (S11)', () => {
    const dedupe = new Dedupe();
    answered(dedupe, { given: 'a' }, START);
    dedupe.begin({ given: 'pending' }, none, START, false);
    answered(dedupe, { given: 'b' }, START + 30 * DAY);
    expect(dedupe.look({ given: 'a' }, none)).toMatchObject({ state: 'done' });
    answered(dedupe, { given: 'c' }, START + 31 * DAY);
    expect(dedupe.look({ given: 'a' }, none)).toEqual({ state: 'new' });
    expect(dedupe.look({ given: 'b' }, none)).toMatchObject({ state: 'done' });
    expect(dedupe.look({ given: 'pending' }, none)).toEqual({ state: 'pending' });
    expect(dedupe.find({ given: 'nothing' })).toBeNull();
  });

  it('are sealed into segments of 1,024 that are loaded before a look-up (S11)', () => {
    const dedupe = new Dedupe();
    for (let n = 0; n < 2_100; n += 1) answered(dedupe, { given: `id-${n}` }, START + n, n + 1);
    dedupe.begin({ given: 'pending' }, none, START, true);
    const segments = dedupe.seal();
    const names = segments.map(({ name }) => name);
    expect(names.map((name) => name.replace(/-[0-9a-f]{32}$/u, ''))).toEqual(['ids-1', 'ids-2']);
    expect(dedupe.look({ given: 'id-7' }, none)).toEqual({ state: 'done', at: { seq: 8, index: 0 } });
    const copy = reloaded(dedupe);
    expect(copy.size).toBe(2_101);
    expect(copy.missingSegments()).toEqual(names);
    expect(() => copy.look({ given: 'id-7' }, none)).toThrow('segments are loaded before');
    copy.loadSegments(segments.map(({ bytes }) => bytes));
    expect(copy.missingSegments()).toEqual([]);
    expect(copy.look({ given: 'id-7' }, none)).toEqual({ state: 'done', at: { seq: 8, index: 0 } });
    expect(copy.look({ given: 'id-7' }, payload('other'))).toEqual({ state: 'conflict' });
    expect(copy.find({ given: 'id-2099' })).toMatchObject({ seq: 2_100 });
  });

  it('have another segment name wherever the content differs, and the same where it does not (S11, C8a)', () => {
    const nameOf = (ids: readonly string[]): string | undefined => {
      const dedupe = new Dedupe();
      for (const id of ids) answered(dedupe, { given: id }, START);
      return dedupe.seal(ids.length)[0]?.name;
    };
    expect(nameOf(['a', 'b'])).toBe(nameOf(['a', 'b']));
    expect(nameOf(['a', 'b'])).not.toBe(nameOf(['a', 'c']));
  });

  it('say which outcome is the oldest that may be asked for, sealed or not; all where it was not recorded (S11)', () => {
    const dedupe = new Dedupe();
    expect(dedupe.oldestSeq).toBe(Infinity);
    dedupe.begin({ given: 'pending' }, none, START, false);
    for (const seq of [9, 7, 8, 12]) answered(dedupe, { given: `id-${seq}` }, START, seq);
    dedupe.seal(3);
    expect(dedupe.oldestSeq).toBe(7);
    const image = dedupe.image() as [unknown, unknown, unknown, [string, number, number, number?][]];
    expect(image[3][0]?.pop()).toBe(7);
    expect(Dedupe.fromImage(image).oldestSeq).toBe(1);
  });

  it('expire with their segment, loaded or not (S11)', () => {
    const dedupe = new Dedupe();
    for (let n = 0; n < 1_024; n += 1) answered(dedupe, { given: `id-${n}` }, START + n);
    const segments = dedupe.seal();
    const copy = reloaded(dedupe);
    for (const one of [dedupe, copy]) answered(one, { given: 'late' }, START + 32 * DAY);
    expect(copy.image()).toEqual(dedupe.image());
    expect(copy.missingSegments()).toEqual([]);
    copy.loadSegments(segments.map(({ bytes }) => bytes));
    expect([copy, dedupe].map((one) => one.look({ given: 'id-7' }, none).state)).toEqual(['new', 'new']);
  });

  it('over a million, the oldest go early by segments, counted, loaded or not; pending ones stay (S11)', () => {
    const dedupe = new Dedupe();
    dedupe.begin({ given: 'pending' }, none, START, false);
    const ids = Array.from({ length: 1_024 }, (_, n) => [`${n}`.padStart(16), given(n)] as const);
    const image = dedupe.image();
    const names = Array.from({ length: 976 }, (_, n) => [`ids-${n + 1}`, START, 1_024, 1]);
    image[3] = names;
    image[4] = 977;
    const full = Dedupe.fromImage(image);
    const loaded = Dedupe.fromImage(image);
    loaded.loadSegments([packSegment(ids)]);
    for (const one of [full, loaded]) {
      for (let n = 0; n < 576; n += 1) answered(one, { given: `new-${n}` }, START);
      expect(one.forgottenEarly).toBe(0);
      answered(one, { given: 'one more' }, START);
      answered(one, { given: 'and another' }, START);
      expect(one.forgottenEarly).toBe(1_024);
    }
    expect(loaded.image()).toEqual(full.image());
    expect(loaded.look({ given: 'pending' }, none)).toEqual({ state: 'pending' });
  });

  it('in segments of damaged length are refused (C13)', () => {
    expect(() => [...unpackSegment(new Uint8Array(40))]).toThrow('wrong length');
    const entry = ['k'.repeat(16), { ...given(3), operation: true }] as const;
    expect([...unpackSegment(packSegment([entry]))]).toEqual([entry]);
  });
});

function given(n: number) {
  return { payload: 'p'.repeat(8), seq: n + 1, index: n, time: START, operation: false };
}
