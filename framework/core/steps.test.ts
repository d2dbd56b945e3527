import { Driver, scenario } from './entity-driver.fixture';
import { Entity, Query, Signal, Update, Validate } from '../model/decorators';
import { activities } from './activities';
import { condition, sleep } from './functions';
import { EntityFailure } from '../errors';

interface Mail {
  voucher(to: string): Promise<string>;
  promoted(to: string): Promise<void>;
}
const mail = activities<Mail>('mail');

@Entity('account')
class Account {
  points = 0;
  log: string[] = [];

  @Signal() add(n: number): void {
    this.points += n;
  }
  @Validate('spend') protected maySpend(n: number): void {
    if (n > this.points) throw new EntityFailure('insufficient', `has ${this.points}`);
  }
  @Update() async spend(n: number): Promise<string> {
    this.points -= n;
    const code = await mail.voucher('me');
    this.log.push(code);
    return code;
  }
  @Update() async nap(): Promise<number> {
    await sleep('1 hour');
    this.log.push('woke');
    return this.points;
  }
  @Update() async reach(n: number): Promise<boolean> {
    return condition(() => this.points >= n, '1 day');
  }
  @Query() balance(): number {
    return this.points;
  }
}

scenario('a signal changes fields and an update answers when its activity has ended (S1)', async (options) => {
  const d = new Driver(Account, options);
  await d.send('add', [5]);
  expect(d.query('balance')).toBe(5);
  const id = d.post('spend', [3]);
  await d.settle();
  expect(d.outcomeOf(id)).toEqual({ state: 'waiting' });
  expect(d.state['points']).toBe(2);
  await d.finish('voucher', 'V-1');
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'V-1' });
  expect(d.state['log']).toEqual(['V-1']);
});

scenario('the validator refuses without a record (S9, S13)', async (options) => {
  const d = new Driver(Account, options);
  await d.send('add', [5]);
  const rows = d.rows.length;
  const failure = await d.refused('spend', 9);
  expect(failure).toMatchObject({ kind: 'refusal', code: 'rejected' });
  expect(d.rows.length).toBe(rows);
});

scenario('sleep keeps exclusivity, condition gives it up (S7)', async (options) => {
  const d = new Driver(Account, options);
  const nap = d.post('nap');
  const add = d.post('add', [7]);
  await d.settle();
  expect(d.outcomeOf(add)).toEqual({ state: 'waiting' });
  await d.advance(3_600_000);
  expect(d.outcomeOf(nap)).toEqual({ state: 'done', value: 0 });
  expect(d.state['points']).toBe(7);
  const reach = d.post('reach', [10]);
  await d.settle();
  await d.send('add', [5]);
  expect(d.outcomeOf(reach)).toEqual({ state: 'done', value: true });
});
