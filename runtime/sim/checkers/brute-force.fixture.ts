/**
 * Brute force: tries every order of every choice of operations. Slow, obvious, and without a thought in common with the
 * checkers it is there to check.
 */

import type { Operation } from './history';
import type { Model } from './model';

/** True if some order of all operations with known outcomes, and of any of the others, fits model and real time. */
export function isLinearizableByForce<S, I, O>(model: Model<S, I, O>, operations: readonly Operation<I, O>[]): boolean {
  const order = (state: S, left: readonly Operation<I, O>[]): boolean => {
    if (left.every(({ output }) => output === 'unknown')) return true;
    return left.some((next) => {
      const rest = left.filter((other) => other !== next);
      const tooEarly = rest.some(({ output, returnedAt }) => {
        return output !== 'unknown' && returnedAt !== null && returnedAt < next.invokedAt;
      });
      if (tooEarly) return false;
      const [fits, after] = model.step(state, next.op, next.output);
      return fits && order(after, rest);
    });
  };
  return order(model.init(), operations);
}
