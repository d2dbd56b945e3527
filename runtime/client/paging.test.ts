import type { Sent } from './scripted-transport.fixture';
import { account, scripted } from './scripted-transport.fixture';

const limitOf = ({ request }: Sent): number =>
  request.op === 'history' ? request.limit : request.op === 'list' ? request.query.limit : NaN;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('pages that do not fit into a frame (C14)', () => {
  it('are asked for again half as long, and so are those that follow', async () => {
    const { transport, client } = scripted();
    const listed = client.list({ type: account });
    const first = listed.next();
    transport.sent[0]?.refuse('too_large');
    await settled();
    transport.sent[1]?.refuse('too_large');
    await settled();
    const index = { status: 'running', fields: {}, build: 'b', createdAt: 1, updatedAt: 1 };
    transport.sent[2]?.answer({ entities: [{ id: 'A-1', index, seq: 1 }], next: 'A-1' });
    expect((await first).value).toMatchObject({ id: 'A-1' });
    void listed.next();
    await settled();
    expect(transport.sent.map(limitOf)).toEqual([200, 100, 50, 50]);
  });

  it('are given up where one entry alone does not fit', async () => {
    const { transport, client, handle } = scripted();
    const first = client.history(handle, { limit: 3 }).next();
    transport.sent[0]?.refuse('too_large');
    await settled();
    transport.sent[1]?.refuse('too_large');
    await expect(first).rejects.toMatchObject({ code: 'too_large' });
    expect(transport.sent.map(limitOf)).toEqual([3, 1]);
  });

  it('are not asked for again for any other reason', async () => {
    const { transport, client, handle } = scripted();
    const first = client.history(handle).next();
    transport.sent[0]?.refuse('internal');
    await expect(first).rejects.toMatchObject({ code: 'internal' });
    expect(transport.sent).toHaveLength(1);
  });
});
