import type { Frame } from '../../wire/frame';
import type { FaultProfile } from '../faults/fault-profile';
import { FaultDial, PROFILES, profileOf } from '../faults/fault-profile';
import { SimSubjects } from './sim-messenger';
import { SimNetwork } from './sim-network';
import { SimProcess } from '../world/sim-process';
import { label } from '../world/trace';
import { World } from '../world/world';

const X = label('x');
const numbers = Array.from({ length: 300 }, (_, i) => i);
const frame = (n: number): Frame => ({ kind: 'unwanted', from: 'c', numbers: [n] });
const numberIn = (heard: Frame): number => (heard.kind === 'unwanted' ? heard.numbers[0]! : -1);

/** A client that sends, and hosts that note what they hear at `host` alone or at `all` as a queue. */
function setUp(profile: FaultProfile = PROFILES.calm, seed = 1) {
  const world = new World({ seed });
  const network = new SimNetwork(world, new FaultDial(profile));
  const subjects = new SimSubjects(network);
  const [client, host, other] = ['client', 'host', 'other'].map((name) => new SimProcess(world, name)) as [
    SimProcess,
    SimProcess,
    SimProcess,
  ];
  const heard: Record<string, number[]> = { host: [], other: [] };
  const ear = subjects.messengerOf(host).listen('host', (each) => heard['host']!.push(numberIn(each)));
  for (const process of [host, other]) {
    const hear = (each: Frame): void => void heard[process.name]!.push(numberIn(each));
    subjects.messengerOf(process).listen('all', hear, { queue: 'q' });
  }
  const unheard: number[] = [];
  const send = (n: number, subject = 'host'): void =>
    subjects.messengerOf(client).send(subject, frame(n), () => unheard.push(n));
  return { world, network, subjects, client, host, other, heard, ear, unheard, send };
}

describe('the simulated messenger', () => {
  it('lets frames be heard in order, once, and not within the call', async () => {
    const { world, heard, unheard, send } = setUp();
    numbers.forEach((n) => send(n));
    expect(heard['host']).toEqual([]);
    await world.run();
    expect([heard['host'], unheard]).toEqual([numbers, []]);
  });

  it('loses, doubles and reorders under faults (C14)', async () => {
    const { world, heard, send } = setUp(PROFILES.lossy, 5);
    numbers.forEach((n) => world.at(n, X, () => send(n)));
    await world.run();
    const got = heard['host']!;
    expect(new Set(got).size).toBeLessThan(300);
    expect(got.length).toBeGreaterThan(new Set(got).size);
    expect(got).not.toEqual([...got].sort((a, b) => a - b));
  });

  it('lets one of a queue hear each frame, and none that has died (C14)', async () => {
    const { world, heard, host, unheard, send } = setUp();
    numbers.forEach((n) => send(n, 'all'));
    await world.run();
    expect([...heard['host']!, ...heard['other']!].sort((a, b) => a - b)).toEqual(numbers);
    expect(heard['host']!.length).toBeGreaterThan(100);
    expect(heard['other']!.length).toBeGreaterThan(100);
    heard['other'] = [];
    host.crash();
    numbers.forEach((n) => send(n, 'all'));
    await world.run();
    expect([heard['other'], unheard]).toEqual([numbers, []]);
  });

  it('tells a sender that nobody listens, or says nothing, as the profile has it (C14)', async () => {
    const told = setUp();
    told.send(1, 'nobody');
    told.host.crash();
    told.send(2);
    await told.world.run();
    expect(told.unheard).toEqual([1, 2]);
    const silent = setUp(profileOf('silent', { network: { noResponders: 0 } }));
    silent.ear.close();
    silent.send(1);
    await silent.world.run();
    expect([silent.unheard, silent.heard['host']]).toEqual([[], []]);
  });

  it('never says so of a frame of which a copy was heard', async () => {
    const { world, heard, unheard, ear, send } = setUp(
      profileOf('double', { network: { duplicate: 1, late: 0.5 } }),
      3,
    );
    numbers.forEach((n) => send(n));
    world.at(100, X, () => ear.close());
    await world.run();
    expect(heard['host']!.length).toBeLessThan(600);
    expect(unheard.length).toBeGreaterThan(10);
    expect(unheard.filter((n) => heard['host']!.includes(n))).toEqual([]);
  });

  it('lets a paused process hear after its pause what came in the last ten seconds of it', async () => {
    const { world, heard, host, unheard, send } = setUp();
    host.pause(60_000);
    send(1);
    world.at(55_000, X, () => send(2));
    await world.run();
    expect([heard['host'], unheard]).toEqual([[2], []]);
  });

  it('keeps frames from crossing a cut, in its direction alone', async () => {
    const { world, network, subjects, client, host, heard, send } = setUp();
    const back: number[] = [];
    const inbox = subjects.messengerOf(client).inbox((each) => back.push(numberIn(each)));
    network.cut('client', 'host');
    send(1);
    subjects.messengerOf(host).send(inbox.subject, frame(2), () => undefined);
    await world.run();
    expect([heard['host'], back]).toEqual([[], [2]]);
  });

  it('gives every inbox a subject of its own', () => {
    const { subjects, client } = setUp();
    const inboxes = [1, 2].map(() => subjects.messengerOf(client).inbox(() => undefined).subject);
    expect(new Set(inboxes).size).toBe(2);
  });

  it('sends what a process sent before it died, and nothing after; and lets it hear nothing', async () => {
    const { world, subjects, client, host, heard, send } = setUp();
    const back: number[] = [];
    const inbox = subjects.messengerOf(client).inbox((each) => back.push(numberIn(each)));
    client.crashAtIssue(1);
    send(1);
    send(2);
    subjects.messengerOf(host).send(inbox.subject, frame(3), () => undefined);
    await world.run();
    expect([heard['host'], back]).toEqual([[1], []]);
  });

  it('carries copies, and no live object (S10)', async () => {
    const { world, subjects, client, host } = setUp();
    const seen: Frame[] = [];
    const messenger = subjects.messengerOf(client);
    subjects.messengerOf(host).listen('copy', (each) => seen.push(each));
    const sent = { kind: 'unwanted' as const, from: 'c', numbers: [1] };
    messenger.send('copy', sent, () => undefined);
    sent.numbers[0] = 9;
    await world.run();
    expect(seen).toEqual([{ kind: 'unwanted', from: 'c', numbers: [1] }]);
    const live = { ...sent, from: (() => 1) as unknown as string };
    expect(() => messenger.send('copy', live, () => undefined)).toThrow('a message carries plain data, not a function');
  });
});
