// What stands in a push, and what does not.
import { describe, expect, it } from 'vitest';
import type { CallId, DeviceId, InstallationId, RoomName, UserId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import { RING_ENDS, type RingStop } from '../../src/calls/event.ts';
import type { Device } from '../../src/ringing/device.ts';
import { createMessages, type PushPayload } from '../../src/ringing/message.ts';
import type { MissedCallTextOf } from '../../src/ringing/missed-call-text.ts';
import { createTickets } from '../../src/ringing/ticket.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

const NOW = 1_790_000_000_000;
const RING_ENDS_AT = NOW + 41_000;
const PARTY = { isHidden: false, createdAt: NOW - 4_000, version: 1, cause: 'ringing' } as const;
const call = (name?: string): Call => ({
  id: '0f7c3d0a-3a7e-4f0c-9a55-0d2f3f6f1c11' as CallId,
  room: 'call_abcdefghijklmnopqrstuv' as RoomName,
  caller: 'alice' as UserId,
  kind: 'video',
  context: 'chat-7',
  data: '{"of":"the host"}',
  requestHash: 'hash',
  isGroup: false,
  state: 'ringing',
  createdAt: NOW - 4_000,
  heard: 'nothing',
  parties: [
    {
      ...{ ...PARTY, uid: 'alice' as UserId, role: 'caller', state: 'joining' },
      ...(name !== undefined && { name, picture: 'https://example.com/alice.png' }),
    },
    { ...PARTY, uid: 'bob' as UserId, role: 'callee', state: 'ringing', ringEndsAt: RING_ENDS_AT },
  ],
  timers: new Map(),
});
const DEVICE: Device = {
  uid: 'bob' as UserId,
  installation: 'phone' as InstallationId,
  platform: 'android',
  targets: [{ kind: 'fcm_token', value: 'secret-token' }],
  locale: 'nl-BE',
};

const tickets = createTickets({ secret: 'a-secret-of-livekit-with-enough-letters' });
const messages = (payload: PushPayload, missedCallText?: MissedCallTextOf) => {
  const log = createFakeLog();
  return createMessages({ tickets, payload, missedCallText, clock: createFakeClock(), log });
};
const ring = (payload: PushPayload, name?: string) =>
  messages(payload).ring({ call: call(name), now: NOW, ringEndsAt: RING_ENDS_AT }, DEVICE);
const stop = (payload: PushPayload, stopped: RingStop, name = 'Alice') =>
  messages(payload).stop({ call: call(name), now: NOW, stop: stopped }, DEVICE);

describe('a ring', () => {
  it('says who calls, what about, and how long it still rings', () => {
    const { ticket: _, ...said } = ring('full', ' Alice\u202E Example ');
    expect(said).toEqual({
      ...{ type: 'ring', callId: call().id, to: 'bob', ringMs: 41_000, now: NOW },
      about: {
        ...{ callerName: 'Alice Example', callerUid: 'alice', kind: 'video', isGroup: false },
        context: 'chat-7',
      },
    });
  });

  it('has a ticket for this phone alone, until a minute after the ring', () => {
    const read = tickets.read(ring('full').ticket, RING_ENDS_AT + 59_999);
    if ('fault' in read) throw new Error(read.fault);
    const { ticket } = read;
    expect([ticket.callId, ticket.endsAt]).toEqual([call().id, RING_ENDS_AT + 60_000]);
    expect([ticket.isOf(DEVICE.uid), ticket.isFor(DEVICE.installation)]).toEqual([true, true]);
  });

  it.each([undefined, '+49 170 1234567', 'alice@example.com', '\u200B'])(
    'has no name where the caller is called %j',
    (name) => {
      expect(ring('full', name).about).not.toHaveProperty('callerName');
    },
  );

  it('says nothing of the call where the payload is minimal', () => {
    const { ticket, ...said } = ring('minimal', 'Alice');
    expect(said).toEqual({
      ...{ type: 'ring', callId: call().id, to: 'bob', ringMs: 41_000, now: NOW },
      about: undefined,
    });
    expect(ticket).toMatch(/^swt_/);
  });
});

describe('the end of a ring', () => {
  it.each(RING_ENDS)('%s shows a missed call where it is one', async (cause) => {
    const isMissed = !['answered_elsewhere', 'declined_elsewhere'].includes(cause);
    expect(await stop('full', { cause })).toEqual({
      ...{ type: 'stop_ring', callId: call().id, to: 'bob', cause, now: NOW },
      ...(isMissed && { missed: { body: 'Gemiste video-oproep van Alice' } }),
    });
  });

  it('names the device that has the call now', async () => {
    const stopped = { cause: 'answered_elsewhere', device: 'tablet' as DeviceId } as const;
    expect(await stop('full', stopped)).toMatchObject({ device: 'tablet' });
  });

  it('says neither who nor how where the payload is minimal', async () => {
    const { missed } = await stop('minimal', { cause: 'over' });
    expect(missed).toEqual({ body: 'Gemiste oproep' });
  });

  it('has the host’s own words', async () => {
    const words: MissedCallTextOf = ({ callerName, locale, kind, context }) => ({
      body: [callerName, locale, kind, context].join(),
    });
    const { missed } = await messages('full', words).stop(
      { call: call('Alice'), now: NOW, stop: { cause: 'cancelled' } },
      DEVICE,
    );
    expect(missed).toEqual({ body: 'Alice,nl-BE,video,chat-7' });
  });
});
