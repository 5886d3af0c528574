// The native code of a simulated phone, whatever its server does.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLockedPhone } from '../../src/dev/pocket/locked-phone.ts';
import { createFakeClock } from '../fakes/clock.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const RING = {
  ...{ v: '1', type: 'ring', id: 'call-1', ticket: 'swt_1', nameCaller: 'Alice' },
  ...{ kind: 'audio', durationMs: '45000' },
};
const STOP = { v: '1', type: 'stop_ring', id: 'call-1', cause: 'cancelled' };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Reply {
  readonly status: number;
  readonly body: string;
}
const sees = (state: string, device?: string): Reply => ({
  status: 200,
  body: JSON.stringify({
    call: {
      ...{ version: 3, kind: 'video', caller: 'alice', me: { state, device } },
      parties: [{ uid: 'alice', name: 'Alice A.' }],
    },
  }),
});

/** A phone whose server answers each look with `reply`; undefined: it holds the question. */
async function phoneAt(reply: (looks: number) => Reply | undefined) {
  const asked: string[] = [];
  let looks = 0;
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    request.resume();
    const answer = request.method === 'POST' ? { status: 200, body: '{}' } : reply(++looks);
    if (answer !== undefined) response.writeHead(answer.status).end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = createFakeClock(NOON);
  const phone = createLockedPhone({
    installationId: 'phone-1',
    callsUrl: () => `http://127.0.0.1:${port}/calls`,
    clock,
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  cleanups.push(close, phone.stop);
  return { phone, clock, asked, close };
}

const isDark = ({ phone }: Awaited<ReturnType<typeof phoneAt>>) =>
  vi.waitFor(() => expect(phone.screen().ring).toBeUndefined());

describe('a ring', () => {
  it('is said to be heard, and watched, with the ticket of the push', async () => {
    const at = await phoneAt((looks) => (looks === 1 ? sees('ringing') : undefined));
    expect(at.phone.take(RING)).toBe('rings');
    expect(at.phone.screen().ring).toMatchObject({ caller: 'Alice', endsAt: NOON + 45_000 });
    await vi.waitFor(() =>
      expect(at.asked.toSorted()).toEqual([
        'GET /calls/call-1 Bearer swt_1',
        'GET /calls/call-1?waitSeconds=25&after=3 Bearer swt_1',
        'POST /calls/call-1/alerting Bearer swt_1',
      ]),
    );
  });

  it('that comes twice rings once', async () => {
    const { phone } = await phoneAt(() => undefined);
    phone.take(RING);
    expect(phone.take(RING)).toBe('rings already');
    expect(phone.take({ ...RING, id: 'call-2' })).toBe('rings for another call');
    expect(phone.screen().ring).toMatchObject({ callId: 'call-1' });
  });

  it('without a ticket is none', async () => {
    const { phone } = await phoneAt(() => undefined);
    expect(phone.take({ type: 'ring', id: 'call-1' })).toBe('is none that it knows');
    expect(phone.screen()).toEqual({});
  });

  it.each(['missed', 'declined', 'cancelled', 'left'])(
    'that comes too late ends with the first look: %s',
    async (state) => {
      const at = await phoneAt(() => sees(state));
      at.phone.take(RING);
      await isDark(at);
    },
  );

  it('ends where another device has the seat', async () => {
    const at = await phoneAt(() => sees('joined', 'a tab'));
    at.phone.take(RING);
    await isDark(at);
  });

  it.each([403, 404])('ends on %i', async (status) => {
    const at = await phoneAt(() => ({ status, body: 'a proxy’s page, perhaps' }));
    at.phone.take(RING);
    await isDark(at);
  });

  it.each([
    ['an error', { status: 503, body: '{}' }],
    ['nonsense', { status: 200, body: '<html>' }],
    ['nothing of a call', { status: 200, body: '{}' }],
  ])('goes on through %s, which is asked about again, until its time is over', async (_, reply) => {
    const at = await phoneAt(() => reply);
    at.phone.take(RING);
    const looks = () => at.asked.filter((line) => line.startsWith('GET')).length;
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() => {
        at.clock.advance(200);
        expect(looks()).toBeGreaterThanOrEqual(count);
      });
    }
    expect(at.phone.screen().ring).toBeDefined();
    at.clock.advance(45_000);
    expect(at.phone.screen()).toEqual({});
  });

  it('goes on without a network, until its time is over', async () => {
    const at = await phoneAt(() => undefined);
    at.close();
    at.phone.take(RING);
    at.clock.advance(44_999);
    expect(at.phone.screen().ring).toBeDefined();
    at.clock.advance(1);
    expect(at.phone.screen()).toEqual({});
  });
});

describe('a stop', () => {
  it('ends the ring, and shows the missed call until the app is opened', async () => {
    const { phone } = await phoneAt(() => undefined);
    phone.take(RING);
    const body = 'Missed call from Alice';
    expect(phone.take({ ...STOP, body })).toBe('stops ringing; shows a missed call');
    expect(phone.screen()).toEqual({ missed: { body } });
    phone.unlock();
    expect(phone.screen()).toEqual({});
  });

  it('of a ring that is over changes nothing', async () => {
    const { phone } = await phoneAt(() => undefined);
    expect(phone.take(STOP)).toBe('had stopped: it was watching');
    expect(phone.screen()).toEqual({});
  });

  it('of another call leaves this one ringing', async () => {
    const { phone } = await phoneAt(() => undefined);
    phone.take(RING);
    phone.take({ ...STOP, id: 'call-2' });
    expect(phone.screen().ring).toMatchObject({ callId: 'call-1' });
  });

  it('is not for the phone that has the call', async () => {
    const at = await phoneAt((looks) => (looks === 1 ? sees('joining', 'phone-1') : undefined));
    at.phone.take(RING);
    await vi.waitFor(() => expect(at.phone.screen().ring).toMatchObject({ isAccepted: true }));
    expect(at.phone.take({ ...STOP, device: 'phone-1' })).toBe('has the call itself');
    at.clock.advance(45_000);
    expect(at.phone.screen().ring).toMatchObject({ isAccepted: true });
  });
});
