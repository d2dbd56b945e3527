import { inboxContract } from './inbox.contract';
import { MemoryInbox } from './memory-inbox';

inboxContract('memory', async () => {
  const inbox = new MemoryInbox(() => Date.now());
  const announce = inbox.announce.bind(inbox);
  return { inbox, other: inbox, announce, close: async () => undefined };
});
