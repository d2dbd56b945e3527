import { SparseMap } from './sparse-map';

describe('SparseMap', () => {
  it('does what a Map does, in the order of insertion, over random operations', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    process.stdout.write(`sparse map seed ${seed}\n`);
    let state = seed | 1;
    const draw = (bound: number): number => {
      state = Math.imul(state, 1_103_515_245) + 12_345;
      return (state >>> 8) % bound;
    };
    const sparse = new SparseMap<number, number>();
    const model = new Map<number, number>();
    for (let operation = 0; operation < 5_000; operation += 1) {
      const key = draw(4);
      if (draw(2) === 0) {
        sparse.set(key, operation);
        model.set(key, operation);
      } else {
        sparse.delete(key);
        model.delete(key);
      }
      expect(sparse.size).toBe(model.size);
      expect(sparse.get(key)).toBe(model.get(key));
      expect(sparse.values()).toEqual([...model.values()]);
    }
  });

  it('gives values that later writes leave alone', () => {
    const sparse = new SparseMap<number, string>();
    sparse.set(1, 'a');
    const values = sparse.values();
    sparse.delete(1);
    sparse.set(2, 'b');
    expect(values).toEqual(['a']);
  });
});
