import { message, transportContract } from '../../transport/transport.contract';
import type { Reply, Request } from '../../wire/envelope';
import type { FaultProfile } from '../faults/fault-profile';
import { FaultDial, PROFILES, profileOf } from '../faults/fault-profile';
import { pump } from '../world/pump.fixture';
import { SimNetwork } from './sim-network';
import { SimProcess } from '../world/sim-process';
import { SimTransport } from './sim-transport';
import { label } from '../world/trace';
import { World } from '../world/world';

const X = label('x');

transportContract('the simulated transport without faults', async () => {
  const world = new World({ seed: 1 });
  const network = new SimNetwork<Request, Reply>(world, new FaultDial(PROFILES.calm));
  const [caller, host] = ['client', 'host'].map(
    (name) => new SimTransport(network, new SimProcess(world, name), () => 'host'),
  ) as [SimTransport, SimTransport];
  return { caller, host, close: pump(world) };
});

interface Made {
  readonly world: World;
  readonly network: SimNetwork<number, number>;
  readonly client: SimProcess;
  readonly host: SimProcess;
  readonly got: number[];
  readonly replies: number[];
  send(n: number): void;
}

/** A host that answers each number with itself, and a client that notes replies; refusals are -1. */
function setUp(profile: FaultProfile = PROFILES.calm, seed = 1): Made {
  const world = new World({ seed });
  const network = new SimNetwork<number, number>(world, new FaultDial(profile));
  const [client, host] = ['client', 'host'].map((name) => new SimProcess(world, name)) as [SimProcess, SimProcess];
  const [got, replies]: [number[], number[]] = [[], []];
  network.listen(host, async (n) => (got.push(n), n));
  const send = (n: number): void => {
    void network.send(client, 'host', n).then(
      (reply) => replies.push(reply),
      () => replies.push(-1),
    );
  };
  return { world, network, client, host, got, replies, send };
}

const numbers = Array.from({ length: 300 }, (_, i) => i);

describe('simulated network', () => {
  it('loses, doubles and reorders under faults, and resolves each send at most once (C14)', async () => {
    const { world, got, replies, send } = setUp(PROFILES.lossy, 5);
    numbers.forEach((n) => world.at(n, X, () => send(n)));
    await world.run();
    expect(new Set(got).size).toBeLessThan(300);
    expect(got.length).toBeGreaterThan(new Set(got).size);
    expect(got).not.toEqual([...got].sort((a, b) => a - b));
    expect(new Set(replies).size).toBe(replies.length);
    expect(replies.length).toBeLessThan(new Set(got).size);
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
    const { world, network, host, client } = setUp();
    let answered = false;
    network.listen(host, async (n) => (host.crash(), n));
    void network.send(client, 'host', 1).finally(() => (answered = true));
    await world.run();
    expect([host.alive, answered]).toEqual([false, false]);
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
    const { world, network, host, got, send } = setUp();
    host.crash();
    const heir: number[] = [];
    network.listen(new SimProcess(world, 'host'), async (n) => (heir.push(n), n));
    send(1);
    await world.run();
    expect([got, heir]).toEqual([[], [1]]);
  });

  it('carries copies, and no live object (S10)', async () => {
    const world = new World({ seed: 1 });
    const network = new SimNetwork<Request, Reply>(world, new FaultDial(PROFILES.calm));
    const [client, host] = ['client', 'host'].map((name) => new SimProcess(world, name)) as [SimProcess, SimProcess];
    const seen: Request[] = [];
    network.listen(host, async (request) => {
      seen.push(request);
      return { ok: true, value: new Uint8Array(), duplicate: false, seq: 1 };
    });
    const sent = { ...message('cart', 'add'), args: Uint8Array.of(1) };
    void network.send(client, 'host', sent);
    sent.args[0] = 9;
    await world.run();
    expect(seen).toEqual([{ ...message('cart', 'add'), args: Uint8Array.of(1) }]);
    const live = { ...sent, method: (() => 1) as unknown as string };
    expect(() => network.send(client, 'host', live)).toThrow('a message carries data, not a function');
  });
});
