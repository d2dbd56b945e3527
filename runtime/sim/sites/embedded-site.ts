/**
 * Embedded site: one host on a simulated disk, reached over the simulated network.
 *
 * Owns: its machine, and the store sessions that follow one another on it. Does not own: the disk's manners
 * (`sim-disk-store`), what callers ask (`workload`), which faults are on (the dial).
 */

import { Host } from '../../host/host';
import { DEFAULT_LIMITS } from '../../node';
import type { HistoryStore } from '../../ports/history-store';
import type { CallerTransport } from '../../ports/transport';
import { Alarms } from './alarms';
import { readOwn } from '../audit/read-history';
import type { Branch } from '../../transport/reached';
import { RoutedTransport } from '../../transport/routed-transport';
import { drawName } from '../../host/draw-name';
import { SimSubjects } from '../network/sim-messenger';
import { SingleTransport } from '../network/single-transport';
import { hostCaller } from '../workloads/caller';
import { SimWatchdog } from '../faults/sim-watchdog';
import { disturbNetwork } from '../faults/disturbance';
import type { FaultDial } from '../faults/fault-profile';
import type { ReadHistory } from '../audit/invariants';
import { Machine } from '../world/machine';
import type { Life } from '../world/machine';
import { SimDisk } from '../store/sim-disk-store';
import { simEntropy } from '../world/sim-entropy';
import { SimNetwork } from '../network/sim-network';
import type { Code, Site } from './site';
import { buildOf, Releases } from './site';
import { LIMITS, STABLE_MS } from './small-sizes';
import type { World } from '../world/world';

const HOST = 'host-1';

export class EmbeddedSite implements Site {
  readonly notesKept = true;
  readonly listed = [];
  readonly network: SimNetwork;
  readonly machines: readonly Machine[];
  private readonly subjects: SimSubjects;
  private readonly logs: Alarms;
  private readonly disk: SimDisk;
  private readonly releases: Releases;
  private sessions = 0;

  constructor(
    private readonly world: World,
    private readonly options: { readonly dial: FaultDial; readonly code: Code },
  ) {
    const { dial } = options;
    this.logs = new Alarms(world);
    this.releases = new Releases(world, options.code.versions);
    this.disk = new SimDisk(world, dial);
    this.network = new SimNetwork(world, dial);
    this.subjects = new SimSubjects(this.network);
    const version = (): number => this.releases.version;
    const machine = new Machine(world, {
      name: HOST,
      dial,
      links: null,
      version,
      run: (life) => void this.serve(life),
    });
    machine.bootAt(0);
    disturbNetwork(HOST, this.network, dial);
    this.machines = [machine];
  }

  get alarms(): readonly string[] {
    return this.logs.raised;
  }

  /** Each opening of the store is one. */
  get leastEpoch(): number {
    return this.sessions;
  }

  get writtenAtMs(): number {
    return this.disk.writtenAtMs;
  }

  transportOf({ process, clock }: Pick<Life, 'process' | 'clock'>): CallerTransport {
    return new RoutedTransport({ messenger: this.subjects.messengerOf(process), clock, reached: this.routed });
  }

  private readonly routed = (branch: Branch): void => this.world.count(`routing.${branch}`);

  sharedStore(): null {
    return null;
  }

  historiesFor(): ReadHistory {
    return async (key) => (this.disk.newest === null ? [] : readOwn(this.disk.newest, key));
  }

  /** There is one copy, and the host that has it. */
  isUnseen(): boolean {
    return false;
  }

  release(): void {
    this.releases.next();
  }

  mend(): void {
    this.network.mend();
    this.disk.mend();
  }

  heal(): void {
    this.mend();
    this.releases.newest();
    for (const machine of this.machines) machine.heal();
  }

  private async serve(life: Life): Promise<void> {
    const { process, clock, version } = life;
    const { code } = this.options;
    const entropy = simEntropy(process);
    const messenger = this.subjects.messengerOf(process);
    const host = await Host.start({
      store: this.counted(this.disk.storeOf(process)),
      transport: new SingleTransport({ messenger, clock, session: drawName(entropy), reached: this.routed }),
      clock,
      entropy,
      log: this.logs.of(HOST),
      entities: code.entities(version),
      activities: code.activities(hostCaller(this, life)),
      namespace: 'default',
      build: buildOf(version),
      checks: 'always',
      limits: { ...DEFAULT_LIMITS, ...LIMITS, turnSteps: code.turnSteps },
      prepare: () => undefined,
      stableMs: STABLE_MS,
      watchdog: new SimWatchdog(
        process,
        () =>
          (...row) =>
            this.disk.writeRunning(...row),
      ),
    });
    life.drain = () => host.drain();
  }

  private counted(store: HistoryStore): HistoryStore {
    return {
      open: async () => {
        const session = await store.open();
        this.sessions += 1;
        return session;
      },
    };
  }
}
