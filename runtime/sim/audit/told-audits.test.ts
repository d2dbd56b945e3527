import { toFailure } from '../../../framework/codec/failure';
import { encodeValue } from '../../../framework/codec/value';
import { PerdureError } from '../../../framework/errors';
import type { Entry } from '../../../framework/core/history';
import type { ErrorCode } from '../../../framework/errors';
import type { Reply } from '../../wire/envelope';
import { toWireError } from '../../wire/errors';
import { idempotencyKey } from '../../activation/activity-attempt';
import type { Attempt } from '../workloads/outside';
import type { Told } from '../network/witness';
import { auditEffects } from './effect-audit';
import { HandHistory, KEY, T0, apply, asks, ends, message, put, result, sleeps, walked } from './hand-history.fixture';
import { auditMessages } from './message-audit';
import { auditRest } from './rest-audit';

function told(n: number, reply: Reply, attempt = 1, given?: string): Told {
  const { method, args, id } = message('put', n);
  const shared = { op: 'message', key: KEY, message: 'update', method, args, submit: false } as const;
  return { caller: 'c', request: { ...shared, attempt, id: given === undefined ? id : { given } }, reply };
}

const ok = (value: unknown, seq = 1): Reply => {
  return { ok: true, value: encodeValue(value, { classes: 'plain' }), duplicate: false, seq };
};
const no = (code: ErrorCode, text = 'no'): Reply => {
  return { ok: false, error: toWireError(new PerdureError(code, text)), duplicate: false };
};
const refused = (n: number): Entry => {
  const undone = toFailure(new PerdureError('rejected', 'no'));
  return { kind: 'apply', time: T0, source: { input: message('put', n) }, undone, consequences: [] };
};

describe('an auditor of answers', () => {
  const audit = async (reply: Told, entries: readonly Entry[] = [put(1, 1)]): Promise<void> => {
    const { rows } = new HandHistory().turn(entries);
    auditMessages(await walked(rows), [reply]);
  };

  it('finds nothing wrong with what the history says, and with what is not final', async () => {
    await audit(told(1, ok(1)));
    await audit(told(9, no('unavailable')));
    await audit(told(9, no('rejected')));
    await audit(told(2, no('rejected'), 2), [put(1, 1), refused(2)]);
  });

  it('complains about an acknowledgement that the history does not know (C5)', async () => {
    await expect(audit(told(2, ok(2)))).rejects.toThrow('was acknowledged, and is not in the history');
    await expect(audit(told(2, no('held')))).rejects.toThrow('was told that it is held, and is not in the history');
  });

  it('complains about another answer than the recorded one (S12)', async () => {
    await expect(audit(told(1, ok(7)))).rejects.toThrow('was answered otherwise than the history says');
    await expect(audit(told(1, ok(1, 4)))).rejects.toThrow('was answered as of row 4, and ended in row 1');
    await expect(audit(told(2, ok(1)), [put(1, 1), refused(2)])).rejects.toThrow('succeeded, and fails in the history');
    const other = told(2, no('rejected', 'another text'), 2);
    await expect(audit(other, [put(1, 1), refused(2)])).rejects.toThrow('rejected otherwise than the history says');
  });

  it('complains about a refusal with an effect, and one of a resent message without a record (S13)', async () => {
    await expect(audit(told(1, no('rejected')))).rejects.toThrow('and was applied all the same');
    await expect(audit(told(9, no('rejected'), 2))).rejects.toThrow('is not on record');
  });

  it('complains about an update that was answered before its end (C5)', async () => {
    const admitted = { kind: 'admit', time: T0, input: message('put', 2), held: null } as const;
    await expect(audit(told(2, ok(2)), [put(1, 1), admitted])).rejects.toThrow('has no outcome in the history');
  });
});

describe('an auditor of effects', () => {
  const attempt = (effect: number, number = 1, activity = 'hand-post.send', done = true): Attempt => {
    const shared = { idempotencyKey: idempotencyKey(KEY, effect), host: 'h', begunMs: 0 };
    return { ...shared, activity, attempt: number, done };
  };
  const audit = async (attempts: readonly Attempt[], notesKept = true): Promise<void> => {
    const asked = apply(message('post', 1, ['x']), [asks(1, 2, 'x'), ends(1)]);
    const { rows } = new HandHistory().turn([asked]).turn([apply(result(2, 'sent'), [])]);
    auditEffects({ facts: [await walked(rows)], attempts, notesKept });
  };

  it('finds nothing wrong with several attempts of what is on record (S15)', async () => {
    await audit([attempt(2, 1, 'hand-post.send', false), attempt(2, 2)]);
  });

  it('complains about an attempt that no history has asked for, or under the key of another (C2, S15)', async () => {
    await expect(audit([attempt(2), attempt(3)])).rejects.toThrow('no history has asked for it');
    await expect(audit([attempt(2, 1, 'hand-post.other')])).rejects.toThrow('shares its key with hand-post.other');
  });

  it('complains about a result of which no attempt came to its end (S15)', async () => {
    await expect(audit([attempt(2, 1, 'hand-post.send', false)])).rejects.toThrow('no attempt came to its end');
    await expect(audit([])).rejects.toThrow('no attempt came to its end');
  });

  it('complains about attempts that are counted anew, where notes are kept (S15)', async () => {
    const attempts = [attempt(2, 2), attempt(2, 1)];
    await expect(audit(attempts)).rejects.toThrow('goes back to attempt 1');
    await audit(attempts, false);
  });
});

describe('an auditor of rest', () => {
  const audit = async (entries: readonly Entry[], nowMs = T0): Promise<void> => {
    auditRest(await walked(new HandHistory().turn(entries).rows), nowMs);
  };

  it('finds nothing wrong with an entity that waits for a timer of later (C9)', async () => {
    await audit([apply(message('nap', 1, [500]), [sleeps(1, 2, T0 + 500)])], T0 + 499);
  });

  it('complains about a due timer, an open activity and an admitted message (S2, C9)', async () => {
    const nap = apply(message('nap', 1, [500]), [sleeps(1, 2, T0 + 500)]);
    await expect(audit([nap], T0 + 600)).rejects.toThrow('timer 2 was due 100 ms ago and has not fired');
    const asked = apply(message('post', 1, ['x']), [asks(1, 2, 'x'), ends(1)]);
    await expect(audit([asked])).rejects.toThrow('activity 2, hand-post.send, is never finished');
    const admitted = { kind: 'admit', time: T0, input: message('put', 2), held: null } as const;
    await expect(audit([put(1, 1), admitted])).rejects.toThrow('what was admitted at 1.1 is never applied');
  });

  it('complains about an entity that is left on hold (S19)', async () => {
    const failure = toFailure(new TypeError('a bug'));
    const held = { failure, build: 'b-1', kept: [] };
    const input = message('nap', 2, [1]);
    await expect(audit([put(1, 1), { kind: 'admit', time: T0, input, held }])).rejects.toThrow('is held: a bug');
    const hold = apply({ kind: 'operator', action: 'hold', reason: '' }, []);
    await expect(audit([put(1, 1), hold])).rejects.toThrow("is held by an operator's word");
  });

  it('complains about a condition that is true and not heard (S6)', async () => {
    const waits = apply(message('full', 1, []), [{ kind: 'condition', effect: 2, owner: 1, timeout: 0 }]);
    await expect(audit([waits, put(2, 3, 1)])).rejects.toThrow('an input of its own waits');
  });
});
