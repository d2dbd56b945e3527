import { silentLog } from '../../ports/telemetry';
import { systemClock } from '../../system/clock';
import { testServices } from '../../../services/for-tests';
import { tasksContract } from '../tasks/tasks.contract';
import { connectNats } from './connect';
import { NatsMessenger } from './nats-messenger';

let n = 0;

tasksContract('NATS', async () => {
  const { nats } = await testServices();
  const prefix = `t${process.pid}-${Date.now().toString(36)}-${(n += 1)}`;
  const connections: { close(): Promise<void> }[] = [];
  return {
    end: async () => {
      const connection = await connectNats({ servers: nats }, `${prefix}.reply.any`);
      connections.push(connection);
      return { messenger: new NatsMessenger(connection, prefix, 'any', silentLog), clock: systemClock };
    },
    close: async () => void (await Promise.all(connections.map((connection) => connection.close()))),
  };
});
