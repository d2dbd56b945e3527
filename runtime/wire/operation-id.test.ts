import { decodeOperationId, encodeOperationId } from './operation-id';

const key = { namespace: 'default', type: 'loyalty-account', id: 'C-42' };

const refused = expect.objectContaining({ code: 'invalid_argument' }) as Error;

describe('operation ids', () => {
  it('come back as the entity and message they name, whatever the texts (S16)', () => {
    const keys = [key, { namespace: 'n', type: 't', id: '\u0000 /ä漢😀' }, { ...key, id: 'x'.repeat(512) }];
    for (const one of keys) {
      const given = { key: one, id: { given: '漢/"1' } };
      expect(decodeOperationId(encodeOperationId(given))).toEqual(given);
      const session = { key: one, id: { session: 'AAAAAAAAAAAAAAAAAAAAAA', n: 2 ** 40 + 7, doneBelow: 1 } };
      expect(decodeOperationId(encodeOperationId(session))).toEqual(session);
    }
  });

  it('do not depend on what the sender has declared done (S11)', () => {
    const at = (doneBelow: number) => encodeOperationId({ key, id: { session: 's', n: 9, doneBelow } });
    expect(at(1)).toBe(at(8));
    expect(at(1)).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('are refused as invalid_argument when cut, extended, altered to another form or made up', () => {
    const good = encodeOperationId({ key, id: { session: 's', n: 9, doneBelow: 1 } });
    const bad = ['', 'hello', `${good}=`, `${good}A`, ` ${good}`, good.replace('A', 'B'), 'A'.repeat(5_000)];
    for (let cut = 0; cut < good.length; cut += 1) bad.push(good.slice(0, cut));
    bad.push(encodeOperationId({ key, id: { session: 's', n: 0, doneBelow: 1 } }));
    bad.push(encodeOperationId({ key: { ...key, id: '' }, id: { given: 'g' } }));
    for (const text of bad) {
      expect(() => decodeOperationId(text)).toThrow(refused);
    }
    expect(() => decodeOperationId(7 as never)).toThrow(refused);
  });
});
