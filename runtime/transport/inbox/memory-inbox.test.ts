import { inboxContract } from './inbox.contract';
import { MemoryInbox } from './memory-inbox';

inboxContract('memory', async () => {
  const inbox = new MemoryInbox(() => Date.now());
  return { inbox, other: inbox, close: async () => undefined };
});
