import { transportContract } from '../../transport/transport.contract';
import { FaultDial, PROFILES } from '../faults/fault-profile';
import { pump } from '../world/pump.fixture';
import { SimClock } from '../world/sim-clock';
import { SimProcess } from '../world/sim-process';
import { World } from '../world/world';
import { SimSubjects } from './sim-messenger';
import { SimNetwork } from './sim-network';
import { SingleTransport } from './single-transport';

transportContract('the one host there is over the simulated network without faults', async () => {
  const world = new World({ seed: 1 });
  const subjects = new SimSubjects(new SimNetwork(world, new FaultDial(PROFILES.calm)));
  const end = (name: string): SingleTransport => {
    const process = new SimProcess(world, name);
    const messenger = subjects.messengerOf(process);
    return new SingleTransport({ messenger, clock: new SimClock(process), session: name, reached: () => undefined });
  };
  return { caller: end('client'), host: end('host'), close: pump(world) };
});
