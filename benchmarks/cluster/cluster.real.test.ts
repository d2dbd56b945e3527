import { testServices } from '../../services/for-tests';
import { expectFigures } from '../quick-run.fixture';

describe('npm run bench -- --quick, over NATS and Cassandra', () => {
  it('brings every workload of real servers to its end', async () => {
    const { nats, cassandra } = await testServices();
    const [{ host, port } = { host: '', port: 0 }] = cassandra;
    await expectFigures(['over-nats', 'over-cassandra', 'host-death'], {
      PERDURE_TEST_NATS: nats,
      PERDURE_TEST_CASSANDRA: `${host}:${port}`,
    });
  }, 240_000);
});
