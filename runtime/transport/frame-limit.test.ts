import { FrameLimit } from './frame-limit';
import { message } from './transport.contract';

const KIB = 1_024;
const reply = { ok: true, value: new Uint8Array(), duplicate: false, seq: 1 } as const;

describe('the limit of a frame', () => {
  it('is the lesser of what is configured and what the server takes less 64 KiB (C14)', () => {
    expect(new FrameLimit({ maxPayloadBytes: 1_024 * KIB }).bytes).toBe(960 * KIB);
    expect(new FrameLimit({ maxPayloadBytes: 1_024 * KIB }, 100 * KIB).bytes).toBe(100 * KIB);
    expect(new FrameLimit({ maxPayloadBytes: 64 * KIB * KIB }).bytes).toBe(8 * KIB * KIB);
  });

  it('is that of the server as it is now', () => {
    const server = { maxPayloadBytes: 1_024 * KIB };
    const limit = new FrameLimit(server);
    server.maxPayloadBytes = 128 * KIB;
    expect(limit.bytes).toBe(64 * KIB);
  });

  it('is named where something does not fit, with what can be done', () => {
    const request = message('cart', 'm');
    const byServer = new FrameLimit({ maxPayloadBytes: 128 * KIB }).tooLargeRequest(request, 70_000);
    expect(byServer).toMatchObject({ code: 'too_large' });
    expect(byServer.message).toBe(
      'a request of op message for cart has 70000 bytes, and a frame has room for 65024 (max_payload of the server, ' +
        '131072, less a reserve): nothing was sent: send a reference instead, or raise that limit',
    );
    const byOption = new FrameLimit({ maxPayloadBytes: 1_024 * KIB }, 64 * KIB);
    expect(byOption.tooLargeReply(request, reply, 70_000).message).toContain(
      '(maxFrameBytes): the message has been applied',
    );
    expect(byOption.tooLargeReply({ ...request, message: 'query' }, reply, 1).message).not.toContain('applied');
  });
});
