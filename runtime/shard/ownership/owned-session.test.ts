import type { StoreSession } from '../../ports/history-store';
import { describeList } from '../../store/store.contract';
import { Owners } from './owners.fixture';

describe('list and count of an owned shard, once its rows have settled (C10)', () => {
  let session: StoreSession;

  beforeEach(async () => {
    const owners = new Owners();
    const owned = await owners.next();
    const settled = async <T>(read: () => Promise<T>): Promise<T> => {
      await owners.wait(owned.flush());
      return read();
    };
    session = {
      epoch: owned.epoch,
      lost: owned.lost,
      append: (batch) => owners.wait(owned.append(batch)),
      list: (query) => settled(() => owned.list(query)),
      count: (filter) => settled(() => owned.count(filter)),
    } as StoreSession;
  });

  describeList(() => session);
});
