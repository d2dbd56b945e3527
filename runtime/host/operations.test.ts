import 'reflect-metadata';
import { Entity, EntityFailure, Indexed, Query, Signal, Update, condition, promise, sleep } from '../../framework';
import { StagedHost } from './staged-host.fixture';

@Entity('job')
class Job {
  @Indexed('keyword') colour = 'grey';
  @Indexed('int') size = 0;
  steps: string[] = [];

  @Update() async slow(step: string): Promise<string> {
    this.steps.push(step);
    await sleep('1 hour');
    if (step === 'bad') throw new EntityFailure('bad', step);
    return step;
  }
  @Update() paint(colour: string): string {
    this.colour = colour;
    this.size += 1;
    return colour;
  }
  @Update() async approved(): Promise<string> {
    return promise<string>('approval');
  }
  @Signal() note(step: string): void {
    this.steps.push(step);
  }
  @Query() seen(): string[] {
    return this.steps;
  }
}

@Entity('order')
class PurchaseOrder {
  lines: string[] = [];
  closed = false;

  @Update({ creates: true }) open(line: string): number {
    if (line === '') throw new EntityFailure('empty', 'no line');
    return this.lines.push(line);
  }
  @Update() async close(): Promise<void> {
    this.closed = true;
    await condition(() => false);
  }
  @Signal() add(line: string): void {
    this.lines.push(line);
  }
  @Query() all(): string[] {
    return this.lines;
  }
  async run() {
    await condition(() => this.closed);
    return { lines: this.lines.length };
  }
}

let staged: StagedHost;
afterEach(() => staged.stop());

describe('operations (S16)', () => {
  beforeEach(async () => (staged = await StagedHost.start({ entities: [Job] })));
  const job = (id = 'A') => staged.client.entity(Job, id);

  it('are followed from another client, through a restart, from pending to their outcome', async () => {
    const [good, bad] = [
      await staged.client.submit(job()).slow('good'),
      await staged.client.submit(job('B')).slow('bad'),
    ];
    const other = staged.connect();
    expect(await other.operation(good.id).status()).toBe('pending');
    const result = other.operation<string>(good.id).result();
    await staged.advance(1_800_000);
    expect(await other.operation(good.id).status()).toBe('pending');
    await staged.restart();
    await staged.advance(1_800_000);
    expect(await result).toBe('good');
    expect(await other.operation(good.id).status()).toBe('succeeded');
    expect(await other.operation(bad.id).status()).toBe('failed');
    await expect(other.operation(bad.id).result()).rejects.toMatchObject({ code: 'failed', reason: 'bad' });
  });

  it('are unknown where no message of that id has arrived', async () => {
    const operation = await staged.client.submit(job()).paint('red');
    const other = await StagedHost.start({ entities: [Job] });
    await other.client.entity(Job, 'A').note('x');
    expect(await other.client.operation(operation.id).status()).toBe('unknown');
    await other.stop();
  });
});

describe('what an operator does to an entity', () => {
  beforeEach(async () => (staged = await StagedHost.start({ entities: [Job] })));
  const job = () => staged.client.entity(Job, 'A');

  it('hold lets messages wait and resume applies them in order (S2, S19)', async () => {
    await job().note('a');
    await staged.client.hold(job(), 'inventory');
    await job().note('b');
    await expect(job().paint('red')).rejects.toMatchObject({ code: 'held' });
    expect(await job().seen()).toEqual(['a']);
    expect(await staged.client.describe(job())).toMatchObject({ status: 'held', admitted: 2 });
    await staged.restart();
    expect(await job().seen()).toEqual(['a']);
    await staged.client.resume(job());
    await staged.settle();
    expect(await job().seen()).toEqual(['a', 'b']);
    expect(await staged.client.describe(job())).toMatchObject({ status: 'active', fields: { colour: 'red', size: 1 } });
  });

  it('terminate ends it for good: who waits is told, later messages are refused, queries still answer', async () => {
    const waiting = job().slow('a');
    await staged.settle();
    const told = expect(waiting).rejects.toMatchObject({ code: 'terminated' });
    await staged.client.terminate(job(), 'closed');
    await told;
    await expect(job().note('b')).rejects.toMatchObject({ code: 'terminated' });
    await staged.restart();
    await expect(staged.client.result(job())).rejects.toMatchObject({ code: 'terminated' });
    expect(await job().seen()).toEqual(['a']);
    expect(await staged.client.describe(job())).toMatchObject({ status: 'terminated', timers: [], invocations: [] });
  });

  it('completePromise completes a promise once: the same again changes nothing, another is a conflict', async () => {
    const answer = job().approved();
    await staged.settle();
    await staged.client.completePromise(job(), 'approval', 'yes');
    expect(await answer).toBe('yes');
    await staged.client.completePromise(job(), 'approval', 'yes');
    await expect(staged.client.completePromise(job(), 'approval', 'no')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('history shows every input in order, by pages', async () => {
    await job().note('a');
    await job().paint('red');
    const seen: string[] = [];
    for await (const { input } of staged.client.history(job())) seen.push(input);
    expect(seen).toEqual(['signal note', 'update paint']);
    const from: number[] = [];
    for await (const { seq } of staged.client.history(job(), { fromSeq: 2, limit: 1 })) from.push(seq);
    expect(from).toEqual([2]);
  });

  it('list and count find entities by their indexed fields, in order', async () => {
    for (let at = 0; at < 7; at += 1) {
      const one = staged.client.entity(Job, `J-${at}`);
      for (let times = 0; times <= at; times += 1) await one.paint(at % 2 === 0 ? 'red' : 'blue');
    }
    const where = { colour: 'red', size: { gt: 1 } };
    const found: string[] = [];
    const orderBy = { field: 'size', descending: true } as const;
    for await (const { id } of staged.client.list<Job>({ type: Job, where, orderBy })) found.push(id);
    expect(found).toEqual(['J-6', 'J-4', 'J-2']);
    expect(await staged.client.count<Job>({ type: Job, where })).toBe(3);
  });

  it('what never existed is not_found for queries, describe and history, and nothing is written', async () => {
    const missing = { code: 'not_found' };
    await expect(job().seen()).rejects.toMatchObject(missing);
    await expect(staged.client.describe(job())).rejects.toMatchObject(missing);
    await expect(staged.client.history(job()).next()).rejects.toMatchObject(missing);
    await expect(staged.client.terminate(job())).rejects.toMatchObject(missing);
    expect(await staged.client.count({ type: Job })).toBe(0);
  });
});

describe('calls on terms of their own', () => {
  beforeEach(async () => (staged = await StagedHost.start({ entities: [Job] })));
  const job = () => staged.client.entity(Job, 'A');

  it('a timeout ends the wait, and the same id gets the outcome later (S12)', async () => {
    const call = (timeout: '1 minute' | '2 hours') => staged.client.call(job(), { messageId: 'm', timeout }).slow('a');
    const first = expect(call('1 minute')).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await staged.settle();
    await staged.advance(61_000);
    await first;
    const second = call('2 hours');
    await staged.settle();
    await staged.advance(3_600_000);
    expect(await second).toBe('a');
    expect(await job().seen()).toEqual(['a']);
  });

  it('a signal ends the wait, never the message', async () => {
    const stop = new AbortController();
    const call = staged.client.call(job(), { messageId: 'm', signal: stop.signal }).slow('a');
    await staged.settle();
    const ended = expect(call).rejects.toMatchObject({ code: 'cancelled', reason: 'aborted' });
    stop.abort();
    await ended;
    await staged.advance(3_600_000);
    expect(await staged.client.call(job(), { messageId: 'm' }).slow('a')).toBe('a');
  });

  it('the same id with another payload is a conflict (S12)', async () => {
    await staged.client.call(job(), { messageId: 'm' }).paint('red');
    await expect(staged.client.call(job(), { messageId: 'm' }).paint('blue')).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('a query sees what was sent before it, and answers only once that is durable (S8)', async () => {
    const sent = ['a', 'b', 'c'].map((step) => job().note(step));
    expect(await job().seen()).toEqual(['a', 'b', 'c']);
    await Promise.all(sent);
  });
});

describe('bounds of an entity', () => {
  it('a full mailbox, and too many admitted messages, are resource_exhausted; what was taken is applied', async () => {
    staged = await StagedHost.start({ entities: [Job], limits: { mailboxMessages: 5, admitted: 8 } });
    const job = staged.client.entity(Job, 'A');
    const sent = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => job.note(String(at))));
    const taken = sent.filter(({ status }) => status === 'fulfilled').length;
    expect(taken).toBeGreaterThanOrEqual(5);
    expect(sent.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'resource_exhausted' } });
    expect(await job.seen()).toHaveLength(taken);
    await staged.client.hold(job);
    for (let at = 0; at < 8; at += 1) await job.note('held');
    await expect(job.note('more')).rejects.toMatchObject({ code: 'resource_exhausted' });
    await staged.client.resume(job);
    await staged.settle();
    expect(await job.seen()).toHaveLength(taken + 8);
  });

  it('admitted messages are bounded by their bytes too, for a snapshot holds them all', async () => {
    staged = await StagedHost.start({ entities: [Job], limits: { admittedBytes: 1_000 } });
    const job = staged.client.entity(Job, 'A');
    await job.note('first');
    await staged.client.hold(job);
    await job.note('x'.repeat(600));
    await job.note('y'.repeat(600));
    await expect(job.note('z')).rejects.toMatchObject({ code: 'resource_exhausted' });
    await staged.client.resume(job);
    await staged.settle();
    expect(await job.seen()).toHaveLength(3);
  });

  it('a state over maxStateBytes is too_large, and the step is undone', async () => {
    staged = await StagedHost.start({ entities: [Job], limits: { maxStateBytes: 2_000 } });
    const job = staged.client.entity(Job, 'A');
    await job.paint('red');
    await expect(job.paint('x'.repeat(3_000))).rejects.toMatchObject({ code: 'too_large' });
    expect(await job.paint('blue')).toBe('blue');
    expect((await staged.client.describe(job)).fields).toEqual({ colour: 'blue', size: 2 });
  });
});

describe('the life of an entity', () => {
  beforeEach(async () => (staged = await StagedHost.start({ entities: [PurchaseOrder] })));
  const order = () => staged.client.entity(PurchaseOrder, 'A');

  it('begins with a method that creates; others are not_found before, and nothing exists (S21)', async () => {
    await expect(order().add('x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(order().open('')).rejects.toMatchObject({ code: 'failed', reason: 'empty' });
    await expect(order().all()).rejects.toMatchObject({ code: 'not_found' });
    expect(await staged.client.count({ type: PurchaseOrder })).toBe(0);
    expect(await order().open('a')).toBe(1);
    const inputs: string[] = [];
    for await (const { input, seq } of staged.client.history(order())) inputs.push(`${seq} ${input}`);
    expect(inputs).toEqual(['1 update open', '1 run']);
  });

  it('an unborn key keeps the refusal of a submitted message, and is not_found for others (S13, S21)', async () => {
    const operation = await staged.client.submit(order()).open('');
    await expect(operation.result()).rejects.toMatchObject({ code: 'failed', reason: 'empty' });
    await expect(order().all()).rejects.toMatchObject({ code: 'not_found' });
    await expect(order().add('x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(staged.client.describe(order())).rejects.toMatchObject({ code: 'not_found' });
    await expect(staged.client.hold(order())).rejects.toMatchObject({ code: 'not_found' });
    await staged.restart();
    await expect(operation.result()).rejects.toMatchObject({ code: 'failed', reason: 'empty' });
    expect(await order().open('a')).toBe(1);
  });

  it('ends when run() returns: parked updates are completed, later messages refused, the result kept (S23)', async () => {
    await order().open('a');
    const result = staged.client.result(order());
    await expect(order().close()).rejects.toMatchObject({ code: 'completed' });
    expect(await result).toEqual({ lines: 1 });
    await expect(order().add('b')).rejects.toMatchObject({ code: 'completed' });
    await staged.restart();
    expect(await staged.client.result(order())).toEqual({ lines: 1 });
    expect(await order().all()).toEqual(['a']);
    expect((await staged.client.describe(order())).status).toBe('completed');
  });

  it('answers the id of an earlier message after its end with the first outcome (S12, S23)', async () => {
    const open = () => staged.client.call(order(), { messageId: 'm' }).open('a');
    expect(await open()).toBe(1);
    await expect(order().close()).rejects.toMatchObject({ code: 'completed' });
    expect(await open()).toBe(1);
  });
});
