import { FaultDial, PROFILES } from '../sim/fault-profile';
import { pump } from '../sim/pump.fixture';
import { SimClock } from '../sim/sim-clock';
import { SimSubjects } from '../sim/sim-messenger';
import { SimNetwork } from '../sim/sim-network';
import { SimProcess } from '../sim/sim-process';
import { World } from '../sim/world';
import { FrameServer } from './frame-server';
import { RoutedTransport } from './routed-transport';
import { transportContract } from './transport.contract';

transportContract('the routed transport over the simulated network without faults', async () => {
  const world = new World({ seed: 1 });
  const subjects = new SimSubjects(new SimNetwork(world, new FaultDial(PROFILES.calm)));
  const end = (name: string) => {
    const process = new SimProcess(world, name);
    return { messenger: subjects.messengerOf(process), clock: new SimClock(process) };
  };
  const routes = { session: 's-1', shards: 4, owner: () => ({ session: 's-1', epoch: 1 }) };
  return {
    caller: new RoutedTransport(end('client')),
    host: new FrameServer({ ...end('host'), routes }),
    close: pump(world),
  };
});
