import type { IndexedValue } from '../../ports/history-store';

/** How an indexed value is kept in `field.value`, beside its rank. */
export function sqlValue(value: IndexedValue): number | Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : Number(value);
}
