import { Driver } from './entity-driver.fixture';
import { RandomStream } from './random';
import { Scripted, pick, randomOps } from './scripted-entity.fixture';

const FIXED = Array.from({ length: 40 }, (_, at) => at + 1);
const FRESH = Array.from({ length: 10 }, () => Math.floor(Math.random() * 4_294_967_296));
const ACTIONS = 25;

async function act(d: Driver, random: RandomStream): Promise<void> {
  const { ledger } = d.instance;
  switch (random.word() % 14) {
    case 0:
    case 1:
    case 2:
      await d.send(pick(random, ['update', 'update', 'signal', 'beside']), [randomOps(random, 5)]);
      return;
    case 3:
      for (let count = random.word() % 4; count > 0; count -= 1) d.post('at', [random.word() % 50]);
      return d.settle();
    case 4:
    case 5:
    case 6: {
      const open = d.activities;
      if (open.length === 0) return d.advance(100);
      const { method } = pick(random, open);
      return random.word() % 4 === 0 ? d.breakDown(method) : d.finish(method, random.word() % 10);
    }
    case 7:
      return d.complete(`p${random.word() % 4}`, random.word() % 10);
    case 8:
      await d.send('born', [Array.from({ length: 2 }, () => randomOps(random, 4))]);
      return;
    case 9:
      if (ledger.held !== null && ledger.operatorHold === null) return d.skip();
      return d.operator(ledger.operatorHold === null && random.word() % 4 === 0 ? 'hold' : 'resume');
    case 10:
      return d.retry();
    case 11:
      await d.close();
      if (d.instance.quiet && d.seq > 1) await d.snapshot();
      return;
    default:
      return d.advance(random.word() % 30_000);
  }
}

async function play(seed: number, restarts: boolean): Promise<void> {
  const random = new RandomStream([seed, 7], { seq: 1, index: 0 });
  const d = new Driver(Scripted, { restarts, turnSteps: 1 + (seed % 3), checked: () => seed % 2 === 0 });
  await d.send('born', [Array.from({ length: 2 }, () => randomOps(random, 4))]);
  for (let step = 0; step < ACTIONS; step += 1) await act(d, random);
  await d.compare();
}

it.each(FIXED)('a replay equals the living entity after each step of random programs, seed %i (S1, S17, S25)', (seed) =>
  play(seed, seed % 4 === 0),
);

it('a replay equals the living entity after each step of fresh random programs (S1, S17, S25)', async () => {
  for (const seed of FRESH) {
    process.stdout.write(`replay-equality seed ${seed}\n`);
    await play(seed, false);
  }
});
