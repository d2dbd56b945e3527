import type { Owner, RoutesFrame } from '../wire/frame';
import { shardOf } from '../wire/shard-map';
import { Hints } from './hints';
import { message } from './transport.contract';

const SHARDS = 4;
const request = message('cart', 'm');
const count = { op: 'count', filter: { namespace: 'default', type: 'cart' } } as const;
const SHARD = shardOf(request.key, SHARDS);

const owner = (session: string, epoch: number): Owner => ({ session, epoch });
const routes = (...known: Owner[]): RoutesFrame => ({
  kind: 'routes',
  session: 'r',
  shards: SHARDS,
  hosts: known.map(({ session }) => session),
  owners: known.map(({ epoch }, host) => [SHARD, host, epoch]),
});

/** What happens to the hints of one shard, in order. */
type Event =
  | readonly ['routes', ...Owner[]]
  /** The host that was asked under the epoch names an owner, or none; what is to be done at once. */
  | readonly ['declined', epoch: number, named: Owner | null, at: Owner | null]
  | readonly ['doubt', session: string];

interface Case {
  readonly title: string;
  readonly events: readonly Event[];
  readonly sure: Owner | null;
  readonly best: Owner | null;
}

const [a4, a5, b6, c7] = [owner('a', 4), owner('a', 5), owner('b', 6), owner('c', 7)];

const CASES: readonly Case[] = [
  { title: 'know nothing at first', events: [], sure: null, best: null },
  { title: 'know nothing of a shard that no host knows the owner of', events: [['routes']], sure: null, best: null },
  { title: 'are what the hosts say', events: [['routes', a5]], sure: a5, best: a5 },
  { title: 'are the greatest epoch of what the hosts say', events: [['routes', b6, a5]], sure: b6, best: b6 },
  {
    title: 'are not replaced by a lesser epoch',
    events: [
      ['routes', a5],
      ['routes', a4],
    ],
    sure: a5,
    best: a5,
  },
  {
    title: 'are not replaced by an equal epoch',
    events: [
      ['routes', a5],
      ['routes', owner('z', 5)],
    ],
    sure: a5,
    best: a5,
  },
  { title: 'stay when the hosts know no owner', events: [['routes', a5], ['routes']], sure: a5, best: a5 },
  {
    title: 'follow a host that names a newer owner, at once',
    events: [
      ['routes', a5],
      ['declined', 5, b6, b6],
    ],
    sure: b6,
    best: b6,
  },
  {
    title: 'are in doubt when a host declines and names nobody',
    events: [
      ['routes', a5],
      ['declined', 5, null, null],
    ],
    sure: null,
    best: a5,
  },
  {
    title: 'are in doubt when a host names an older owner, which is not believed',
    events: [
      ['routes', a5],
      ['declined', 5, a4, null],
    ],
    sure: null,
    best: a5,
  },
  {
    title: 'stay when a request that was sent under an older one is declined, and it goes on at once',
    events: [
      ['routes', a5],
      ['declined', 5, b6, b6],
      ['declined', 5, null, b6],
      ['declined', 5, a5, b6],
    ],
    sure: b6,
    best: b6,
  },
  {
    title: 'are in doubt when their host is silent',
    events: [
      ['routes', a5],
      ['doubt', 'a'],
    ],
    sure: null,
    best: a5,
  },
  {
    title: 'are not in doubt when another host is silent',
    events: [
      ['routes', a5],
      ['doubt', 'b'],
    ],
    sure: a5,
    best: a5,
  },
  {
    title: 'are not in doubt when an earlier owner turns out to be silent',
    events: [
      ['routes', a5],
      ['declined', 5, b6, b6],
      ['doubt', 'a'],
    ],
    sure: b6,
    best: b6,
  },
  {
    title: 'are not sent on to while in doubt',
    events: [
      ['routes', b6],
      ['doubt', 'b'],
      ['declined', 5, null, null],
    ],
    sure: null,
    best: b6,
  },
  {
    title: 'are used again once the hosts have been asked, even if they say the same',
    events: [
      ['routes', a5],
      ['doubt', 'a'],
      ['routes', a5],
    ],
    sure: a5,
    best: a5,
  },
  {
    title: 'are used again once the hosts have been asked, even if they know less',
    events: [
      ['routes', b6],
      ['doubt', 'b'],
      ['routes', a5],
    ],
    sure: b6,
    best: b6,
  },
  {
    title: 'are replaced while in doubt by a greater epoch',
    events: [
      ['routes', a5],
      ['doubt', 'a'],
      ['declined', 5, c7, c7],
    ],
    sure: c7,
    best: c7,
  },
];

describe('hints of a shard (C14)', () => {
  it.each(CASES)('$title', ({ events, sure, best }) => {
    const hints = new Hints();
    for (const event of events) {
      if (event[0] === 'routes') hints.answered(routes(...(event.slice(1) as Owner[])));
      else if (event[0] === 'doubt') hints.doubt(event[1]);
      else expect(hints.declined(request, event[1], event[2])).toEqual(event[3]);
    }
    expect([hints.sure(request), hints.best(request)]).toEqual([sure, best]);
  });

  it('of other shards are not in doubt with it', () => {
    const hints = new Hints();
    const all = [0, 1, 2, 3].map((shard) => [shard, 0, 5] as const);
    hints.answered({ ...routes(), hosts: ['a'], owners: all });
    hints.declined(request, 5, null);
    const others = Array.from({ length: 50 }, (_, i) => ({ ...request, key: { ...request.key, id: `${i}` } })).filter(
      ({ key }) => shardOf(key, SHARDS) !== SHARD,
    );
    expect(others.length).toBeGreaterThan(20);
    expect(others.map((other) => hints.sure(other))).toEqual(others.map(() => a5));
    expect(hints.sure(request)).toBeNull();
  });
});

describe('hints for requests without a key (C14)', () => {
  it('are the host that said last who owns what, until it is silent', () => {
    const hints = new Hints();
    expect(hints.sure(count)).toBeNull();
    hints.answered(routes());
    expect(hints.sure(count)).toEqual({ session: 'r', epoch: 0 });
    hints.doubt('a');
    expect(hints.sure(count)).toEqual({ session: 'r', epoch: 0 });
    expect(hints.declined(count, 0, null)).toBeNull();
    hints.doubt('r');
    expect(hints.sure(count)).toBeNull();
  });
});
