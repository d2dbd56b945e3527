import { encodeValue } from '../../../framework/codec/value';
import { Ledger } from '../../../framework/core/ledger';
import { HandHistory, T0, apply, asks, ends, message, put, result, sleeps, walked } from './hand-history.fixture';

const fired = (effect: number, invocation: number, time: number) =>
  apply({ kind: 'timer', effect }, [ends(invocation)], time);
const napping = () => new HandHistory().turn([apply(message('nap', 1, [500]), [sleeps(1, 2, T0 + 500)])]);
const posting = () => new HandHistory().turn([apply(message('post', 1, ['x']), [asks(1, 2, 'x'), ends(1)])]);

describe('an auditor of a history', () => {
  it('finds what it says of messages, timers and activities', async () => {
    const { rows } = posting()
      .turn([put(2, 3, 1)])
      .turn([apply(result(2, 'sent'), [])]);
    const facts = await walked(rows);
    expect(facts.messages.get('s:2')).toMatchObject({ applied: { seq: 2, index: 0 }, outcomeSeq: 2 });
    expect(facts.activities.get(2)).toMatchObject({ name: 'hand-post.send', outcome: { ok: true } });
    expect(facts.instance?.object).toMatchObject({ items: ['i-2'] });
  });

  it('complains about a hole, a wrong link and a second beginning (C5, C6)', async () => {
    const hole = new HandHistory().turn([put(1, 1)]).turn([put(2, 2)], { seq: 3 });
    await expect(walked(hole.rows)).rejects.toThrow('row 1.3 follows row 1');
    const prev = { seq: 1, epoch: 1, hash: new Uint8Array(16) };
    const wrong = new HandHistory().turn([put(1, 1)]).turn([put(2, 2)], { prev });
    await expect(walked(wrong.rows)).rejects.toThrow('which is not row 1.1');
    const second = new HandHistory().turn([put(1, 1)]).turn([put(2, 2)], { prev: null });
    await expect(walked(second.rows)).rejects.toThrow('begins a chain of its own');
  });

  it('complains about a row that is not where its record says, and one of an earlier epoch (C6)', async () => {
    const { rows } = new HandHistory().turn([put(1, 1)]);
    await expect(walked(rows.map((row) => ({ ...row, epoch: 2 })))).rejects.toThrow('holds a turn record 1.1');
    const back = new HandHistory().turn([put(1, 1)], { epoch: 2 }).turn([put(2, 2)]);
    await expect(walked(back.rows)).rejects.toThrow('follows a row of the later epoch 2');
  });

  it('complains about time that runs back (S6)', async () => {
    const { rows } = new HandHistory().turn([put(1, 1, 1, T0 + 5)]).turn([put(2, 2)]);
    await expect(walked(rows)).rejects.toThrow('step time runs back at 2.0');
  });

  it('complains about a message that is taken in twice, or ends twice (S11, S12)', async () => {
    const { rows } = new HandHistory().turn([put(1, 1)]).turn([put(1, 2, 2)]);
    await expect(walked(rows)).rejects.toThrow('the message s:1 is taken in again');
    const admitted = { kind: 'admit', time: T0, input: message('put', 1), held: null } as const;
    const both = new HandHistory().turn([admitted, put(1, 1)]);
    await expect(walked(both.rows)).rejects.toThrow('the message s:1 is taken in again');
  });

  it('complains about a timer that fires early, or that is not open (S6)', async () => {
    await expect(walked(napping().turn([fired(2, 1, T0 + 499)]).rows)).rejects.toThrow('timer 2 fires 1 ms early');
    const twice = napping().turn([fired(2, 1, T0 + 500), apply({ kind: 'timer', effect: 2 }, [], T0 + 500)]);
    await expect(walked(twice.rows)).rejects.toThrow('timer 2 fires, which is not open');
    await expect(walked(napping().turn([fired(2, 1, T0 + 500)]).rows)).resolves.toBeDefined();
  });

  it('complains about a second result of an activity (S2)', async () => {
    const { rows } = posting()
      .turn([apply(result(2, 'sent'), [])])
      .turn([apply(result(2, 'sent'), [])]);
    await expect(walked(rows)).rejects.toThrow('activity 2 has a result, and is not open');
  });

  it('complains about a number that is used again (S15)', async () => {
    const again = apply(message('post', 2, ['y']), [asks(3, 2, 'y'), ends(3)]);
    await expect(walked(posting().turn([again]).rows)).rejects.toThrow('number 2 is used again');
  });

  it('complains about code that does otherwise than is recorded (S26)', async () => {
    const { rows } = new HandHistory().turn([apply(message('put', 1), [asks(1, 2, 'x'), ends(1, 1)])]);
    await expect(walked(rows)).rejects.toThrow('this build: invocation 1 succeeds');
  });

  it('complains about a snapshot with other fields, or another ledger, than the records (S24)', async () => {
    const history = () => new HandHistory().turn([put(1, 1)]);
    const good = await history().snapshot((fields, ledger) => [fields, ledger]);
    await expect(walked(good.rows)).resolves.toBeDefined();
    const { instance } = await walked(new HandHistory().turn([put(7, 1, 1)]).rows);
    const other = instance?.encode() ?? new Uint8Array();
    const fields = await history().snapshot((_, ledger) => [other, ledger]);
    await expect(walked(fields.rows)).rejects.toThrow('snapshot 2 has other fields');
    const ledger = await history().snapshot((kept, image) => {
      const changed = Ledger.fromImage(image);
      changed.nextNumber = 1;
      return [kept, changed.image()];
    });
    await expect(walked(ledger.rows)).rejects.toThrow('snapshot 2 has other numbers and times');
    const ids = await history().snapshot((kept, image) => {
      const changed = Ledger.fromImage(image);
      changed.dedupe.begin({ given: 'x' }, () => '12345678', T0, false);
      return [kept, changed.image()];
    });
    await expect(walked(ids.rows)).rejects.toThrow('snapshot 2 has other remembered message ids');
  });

  it('complains about a snapshot while an invocation is parked (S24)', async () => {
    const { rows } = await napping().snapshot(() => [encodeValue([]), new Ledger({ time: T0, seed: [1, 2] }).image()]);
    await expect(walked(rows)).rejects.toThrow('was taken while an invocation was parked');
  });
});
