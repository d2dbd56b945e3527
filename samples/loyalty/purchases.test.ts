import { Readable } from 'node:stream';
import type { BadLine, GoodLine } from './purchases';
import { readPurchases } from './purchases';

const header = 'customer,date,quantity,amount';

async function read(text: string | Uint8Array): Promise<(GoodLine | BadLine)[]> {
  const lines: (GoodLine | BadLine)[] = [];
  for await (const line of readPurchases(Readable.from([Buffer.from(text)]))) lines.push(line);
  return lines;
}

async function readOne(line: string): Promise<GoodLine | BadLine | undefined> {
  return (await read(`${header}\n${line}\n`))[0];
}

const good = async (line: string) => (await readOne(line)) as GoodLine;
const reason = async (line: string) => ((await readOne(line)) as BadLine).reason;
const ids = async (lines: readonly string[]) =>
  (await read([header, ...lines].join('\n'))).map((line) => (line as GoodLine).messageId);

describe('a line of purchases', () => {
  it.each([
    ['11.77', 1_177],
    ['0.00', 0],
    ['0.07', 7],
    ['4.35', 435],
    ['12', 1_200],
    ['12.5', 1_250],
    ['999999999.99', 99_999_999_999],
  ])('has its amount in exact cents: %s', async (amount, cents) => {
    expect((await good(`A,2021-01-01,1,${amount}`)).purchase.cents).toBe(cents);
  });

  it.each([
    ['too few columns', 'A,2021-01-01,1'],
    ['too many columns', 'A,2021-01-01,1,1.00,x'],
    ['no customer', ',2021-01-01,1,1.00'],
    ['a date that is no day', 'A,2021-02-30,1,1.00'],
    ['a date in another form', 'A,01/02/2021,1,1.00'],
    ['negative units', 'A,2021-01-01,-1,1.00'],
    ['fractional units', 'A,2021-01-01,1.5,1.00'],
    ['no units', 'A,2021-01-01,,1.00'],
    ['a negative amount', 'A,2021-01-01,1,-1.00'],
    ['a fraction of a cent', 'A,2021-01-01,1,1.005'],
    ['an amount that is no number', 'A,2021-01-01,1,free'],
    ['an amount with an exponent', 'A,2021-01-01,1,1e3'],
    ['quotes that do not match', '"A,2021-01-01,1,1.00'],
  ])('is bad with %s', async (_what, line) => {
    expect(await reason(line)).toEqual(expect.any(String));
  });

  it('may quote its fields and have spaces around them', async () => {
    expect(await good('"Smith, J" , 2021-01-01,"2", 1.00')).toMatchObject({
      customer: 'Smith, J',
      purchase: { date: '2021-01-01', units: 2, cents: 100 },
    });
  });

  it('is bad where its customer is no UTF-8', async () => {
    const text = Buffer.concat([Buffer.from(`${header}\n`), Buffer.from([0x41, 0xe9]), Buffer.from(',2021-01-01,1,1')]);
    expect(await read(text)).toMatchObject([{ reason: 'its customer is not UTF-8 text' }]);
  });
});

describe('a file of purchases', () => {
  it('is read on after a bad line, each line under its number in the file', async () => {
    const lines = await read(`${header}\r\n\r\nA,x\r\n"A,2021-01-01,1,1.00\nB,2021-01-01,1,1.00`);
    expect(lines.map(({ number }) => number)).toEqual([3, 4, 5]);
    expect(lines.map((line) => 'reason' in line)).toEqual([true, true, false]);
  });

  it('may begin with a byte order mark and end without a line end', async () => {
    expect(await read(`\ufeff${header}\nA,2021-01-01,1,1.00`)).toHaveLength(1);
  });

  it.each([
    ['is empty', ''],
    ['has no header', 'A,2021-01-01,1,1.00\n'],
    ['has other columns', 'id,date,quantity,amount\n'],
  ])('is refused as a whole when it %s', async (_what, text) => {
    await expect(read(text)).rejects.toThrow('its first line must be customer,date,quantity,amount');
  });

  it('is refused where a line has no end', async () => {
    await expect(read(`${header}\n${'A'.repeat(100_000)}`)).rejects.toThrow('Max Record Size');
  });
});

describe('the message id of a line', () => {
  const a = 'A,2021-01-01,1,10.00';
  const b = 'A,2021-01-02,1,10.00';

  it('tells equal lines apart by their place among each other', async () => {
    expect(new Set(await ids([a, b, a, a])).size).toBe(4);
  });

  it('stays when other lines come before, between and after', async () => {
    const [first, second] = await ids([a, a]);
    const [, other, , , last] = await ids([b, a, 'X,2021-01-01,1,1.00', b, a, b]);
    expect([other, last]).toEqual([first, second]);
  });

  it('stays when the same purchase is written in another way', async () => {
    expect(await ids(['A,2021-01-01,01,10'])).toEqual(await ids([a]));
  });
});
