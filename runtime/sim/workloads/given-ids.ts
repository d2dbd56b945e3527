/**
 * Given ids: two callers send the same message id at once, as a person does who presses a button twice: it is applied
 * once, with the same answer for both; another payload under the same id is a conflict (S11, S12).
 */

import 'reflect-metadata';
import { EntityFailure } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import type { Operation } from '../checkers/history';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, reach } from './calling';

@Entity('sim-order-book')
export class OrderBook {
  orders: string[] = [];

  /** The text says what it is for; odd amounts are refused once, and then for ever under that id. */
  @Update() order(text: string, amount: number): number {
    this.orders.push(`${text} ${amount}`);
    if (amount % 2 === 1) throw new EntityFailure('odd', text, this.orders.length);
    return this.orders.length;
  }

  @Query() whole(): string[] {
    return this.orders;
  }
}

interface Order {
  readonly messageId: string;
  readonly amount: number;
}
/** The place of the order, or how it was refused; `unborn`: as the first of its book, which leaves no record (S21). */
type Answer = number | `odd ${number}` | 'conflict' | 'unborn';
export type OrderOperation = Operation<Order, Answer>;

/** Callers keep to the same few ids for a while. */
const IDS_AT_ONCE = 3;
const OPERATIONS_PER_ID = 4;
const AMOUNTS = 4;
/** Of the sends: another amount than the others send under that id. */
const OTHER_SHARE = 0.15;

export class GivenIds implements Workload {
  readonly name = 'given-ids';
  private readonly asked: Asked<Order, Answer>;
  private calls = 0;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [OrderBook];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async () => {
      const { client, draw, patienceMs } = caller;
      this.calls += 1;
      const number = Math.floor(this.calls / OPERATIONS_PER_ID) + draw.below(IDS_AT_ONCE);
      const key = this.run.ids[number % this.run.ids.length] as string;
      const amount = (number + (draw.float() < OTHER_SHARE ? 1 : 0)) % AMOUNTS;
      const messageId = `order-${number}`;
      const book = client.call(client.entity(OrderBook, key), { messageId, timeout: patienceMs });
      const call = () => book.order(messageId, amount);
      await this.asked.ask({ caller, key, op: { messageId, amount }, call, refused });
    });
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const [complaint] = this.asked.complaints;
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const orders = (await answerOf(() => reach(auditor, OrderBook, id).whole())) ?? [];
      const fault = ordersFault(
        orders,
        this.asked.operations.filter(({ key }) => key === id),
      );
      if (fault !== null) return `order book ${id}: ${fault}`;
    }
    return null;
  }
}

function refused({ code, reason, details }: PerdureError): Answer | null {
  if (code === 'conflict') return 'conflict';
  if (code !== 'failed' || reason !== 'odd') return null;
  return details === 1 ? 'unborn' : `odd ${Number(details)}`;
}

/** What is wrong with the orders of one book, and with what those who sent them were told. */
export function ordersFault(orders: readonly string[], operations: readonly OrderOperation[]): string | null {
  /** What the first answer of an id was, and to which amount. */
  const first = new Map<string, { readonly amount: number; readonly answer: Answer }>();
  for (const { op, output } of operations) {
    if (output === UNKNOWN || output === 'conflict' || output === 'unborn') continue;
    const { messageId, amount } = op;
    const known = first.get(messageId) ?? { amount, answer: output };
    first.set(messageId, known);
    if (known.answer !== output) return `${messageId} was answered ${known.answer}, and ${output}`;
    if (known.amount !== amount) return `${messageId} was taken with ${known.amount}, and with ${amount}`;
    if (typeof output === 'number' && orders[output - 1] !== `${messageId} ${amount}`)
      return `${messageId} was answered ${output}, where ${orders[output - 1]} stands`;
  }
  for (const { op, output } of operations) {
    const known = first.get(op.messageId);
    if (output === 'conflict' && known?.amount === op.amount)
      return `${op.messageId} with ${op.amount} was taken, and was a conflict`;
  }
  const ids = orders.map((order) => order.slice(0, order.indexOf(' ')));
  const twice = ids.find((id, at) => ids.indexOf(id) < at);
  if (twice !== undefined) return `${twice} is applied twice`;
  const odd = orders.find((order) => Number(order.slice(order.indexOf(' '))) % 2 === 1);
  return odd === undefined ? null : `${odd} was refused, and is there`;
}
