import type { FaultProfile } from '../faults/fault-profile';
import { FaultDial, PROFILES, profileOf } from '../faults/fault-profile';
import { Exchange } from './exchange.fixture';
import { SimNetwork } from './sim-network';
import { SimProcess } from '../world/sim-process';
import { label } from '../world/trace';
import { World } from '../world/world';

const X = label('x');

interface Made {
  readonly world: World;
  readonly network: SimNetwork;
  readonly exchange: Exchange;
  readonly client: SimProcess;
  readonly host: SimProcess;
  readonly got: number[];
  readonly replies: number[];
  send(n: number): void;
}

/** A host that answers each number with itself, and a client that notes replies; refusals are -1. */
function setUp(profile: FaultProfile = PROFILES.calm, seed = 1): Made {
  const world = new World({ seed });
  const network = new SimNetwork(world, new FaultDial(profile));
  const exchange = new Exchange(network);
  const [client, host] = ['client', 'host'].map((name) => new SimProcess(world, name)) as [SimProcess, SimProcess];
  const [got, replies]: [number[], number[]] = [[], []];
  exchange.listen(host, (n) => (got.push(n), n));
  const send = (n: number): void => exchange.send(client, 'host', n, (reply) => replies.push(reply));
  return { world, network, exchange, client, host, got, replies, send };
}

const numbers = Array.from({ length: 300 }, (_, i) => i);

describe('simulated network', () => {
  it('loses, doubles and reorders under faults (C14)', async () => {
    const { world, got, replies, send } = setUp(PROFILES.lossy, 5);
    numbers.forEach((n) => world.at(n, X, () => send(n)));
    await world.run();
    expect(new Set(got).size).toBeLessThan(300);
    expect(got.length).toBeGreaterThan(new Set(got).size);
    expect(got).not.toEqual([...got].sort((a, b) => a - b));
    expect(new Set(replies).size).toBeLessThan(new Set(got).size);
    expect(replies.length).toBeGreaterThan(new Set(replies).size);
    const reached = ['loss', 'duplicate', 'late'].filter((fault) => world.counts.has(`network.${fault}`));
    expect(reached).toHaveLength(3);
  });

  it('delivers without faults in order, once', async () => {
    const { world, got, replies, send } = setUp();
    numbers.forEach(send);
    await world.run();
    expect([got, replies]).toEqual([numbers, numbers]);
  });

  it('cuts one direction alone: the host still hears, the client does not', async () => {
    const { world, network, got, replies, send } = setUp();
    network.cut('host', 'client');
    send(1);
    await world.run();
    expect([got, replies]).toEqual([[1], []]);
    network.mend('host', 'client');
    network.cut('*', 'host');
    send(2);
    await world.run();
    expect([got, replies]).toEqual([[1], []]);
    network.mend();
    send(3);
    await world.run();
    expect([got, replies]).toEqual([[1, 3], [3]]);
  });

  it('says that nobody listens once a host has died, or says nothing (C14)', async () => {
    const told = setUp();
    told.host.crash();
    told.send(1);
    await told.world.run();
    expect(told.replies).toEqual([-1]);
    const silent = setUp(profileOf('silent', { network: { noResponders: 0 } }));
    silent.host.crash();
    silent.send(1);
    await silent.world.run();
    expect([silent.got, silent.replies]).toEqual([[], []]);
  });

  it('carries what a client sent before it died, and brings it no reply', async () => {
    const { world, client, got, replies, send } = setUp();
    client.crashAtIssue(1);
    send(1);
    send(2);
    await world.run();
    expect([got, replies]).toEqual([[1], []]);
  });

  it('sends no reply of a host that died while it worked', async () => {
    const { world, exchange, host, replies, send } = setUp();
    exchange.listen(host, (n) => (host.crash(), n));
    send(1);
    await world.run();
    expect([host.alive, replies]).toEqual([false, []]);
  });

  it('hands a host after its pause what came in the last ten seconds of it at most', async () => {
    const { world, host, got, send } = setUp();
    host.pause(60_000);
    send(1);
    world.at(55_000, X, () => send(2));
    await world.run();
    expect(got).toEqual([2]);
    expect(world.counts.get('network.buffer-dropped')).toBe(1);
  });

  it('hands a new process of the same name what comes after its start', async () => {
    const { world, exchange, host, got, send } = setUp();
    host.crash();
    const heir: number[] = [];
    exchange.listen(new SimProcess(world, 'host'), (n) => (heir.push(n), n));
    send(1);
    await world.run();
    expect([got, heir]).toEqual([[], [1]]);
  });
});
