// The calls in the hands of the host's own code.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallId, DeviceId, UserId } from '../../src/base/ids.ts';
import { type Calls, createCalls } from '../../src/calls/apply-event.ts';
import type { CallStore } from '../../src/calls/store.ts';
import { StoreUnavailable } from '../../src/calls/store.ts';
import {
  createHostCalls,
  type HostCalls,
  type HostPlaceRequest,
} from '../../src/compose/host-calls.ts';
import { hostCallsNotConfigured } from '../../src/compose/without-calls.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { RULES } from '../events/stage.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const OTHER_ID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const CALL: HostPlaceRequest = { caller: 'alice', callees: ['bob'], kind: 'audio' };

let clock: FakeClock;
let store: CallStore;
let apply: Calls['apply'];
let calls: HostCalls;
const forgetCounters = vi.fn();

beforeEach(async () => {
  clock = createFakeClock();
  const log = createFakeLog();
  store = createSqliteStore({ path: ':memory:', clock, log });
  await store.open();
  const rules = { ...RULES, hostTargets: ['app'] };
  ({ apply } = createCalls({ store, rules, askRoom: async () => undefined, log }));
  forgetCounters.mockClear();
  calls = make();
});

const make = (parts: Partial<Parameters<typeof createHostCalls>[0]> = {}) =>
  createHostCalls({
    ...{ apply, store, maxParticipants: 3, opened: () => undefined, forgetCounters },
    ...parts,
  });

const accept = (callId: string, uid: string, more: { device?: string; takeOver?: boolean } = {}) =>
  apply({
    ...{ type: 'accept', callId: callId as CallId, uid: uid as UserId },
    device: (more.device ?? `${uid}-phone`) as DeviceId,
    takeOver: more.takeOver ?? false,
  });
const partiesOf = async (callId: string) =>
  (await calls.get(callId))?.parties.map(({ uid, state }) => `${uid} ${state}`);
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('no refusal');
    },
    ({ name, code, callId }) => ({ name, code, callId }),
  );

describe('place', () => {
  it('rings the callees and answers with the call', async () => {
    const call = await calls.place({
      ...{ ...CALL, callees: ['bob', 'carol'], kind: 'video', context: 'chat-1' },
      data: { order: 7, at: new Date(0) },
      callId: ID.toUpperCase(),
    });
    expect(call).toMatchObject({
      ...{ id: ID, kind: 'video', context: 'chat-1', state: 'ringing', isGroup: true },
      ...{ caller: 'alice', data: { order: 7, at: '1970-01-01T00:00:00.000Z' } },
    });
    expect(await partiesOf(ID)).toEqual(['alice joining', 'bob ringing', 'carol ringing']);
    expect(await calls.liveOf('bob')).toEqual([call]);
  });

  it('asks nobody who may, and counts no rings: the host decides', async () => {
    for (let nth = 0; nth < 100; nth += 1) {
      await calls.place({ ...CALL, caller: `alice-${nth}`, callees: [`bob-${nth}`] });
    }
    expect(await calls.liveOf('bob-99')).toHaveLength(1);
  });

  it('rings nobody twice under one id, and refuses another call of that id', async () => {
    const placed = await calls.place({ ...CALL, callId: ID });
    expect(await calls.place({ ...CALL, callId: ID })).toEqual(placed);
    expect(await calls.liveOf('bob')).toHaveLength(1);
    const other = calls.place({ ...CALL, callees: ['carol'], callId: ID });
    expect(await refusalOf(other)).toMatchObject({
      name: 'SwitchboardError',
      code: 'call_id_taken',
    });
  });

  it('finds the busy busy', async () => {
    const { id } = await calls.place({ ...CALL, caller: 'bob', callees: ['carol'] });
    await accept(id, 'carol');
    const call = await calls.place(CALL);
    expect([call.state, call.outcome, call.parties[1]?.state]).toEqual(['ended', 'busy', 'busy']);
  });

  it('is refused where the caller is in another call, which it names', async () => {
    const { id } = await calls.place(CALL);
    const other = calls.place({ ...CALL, callees: ['carol'] });
    expect(await refusalOf(other)).toMatchObject({ code: 'in_another_call', callId: id });
    expect(await partiesOf(id)).toEqual(['alice joining', 'bob ringing']);
  });

  it('joins the call of a callee who is calling the caller just now', async () => {
    const his = await calls.place({ ...CALL, caller: 'bob', callees: ['alice'] });
    const call = await calls.place(CALL);
    expect([call.id, call.state]).toEqual([his.id, 'active']);
  });

  it('is refused to whom nobody answers, as everybody is', async () => {
    for (let nth = 0; nth < 5; nth += 1) {
      const { id } = await calls.place(CALL);
      await calls.end(id);
    }
    expect(await refusalOf(calls.place(CALL))).toMatchObject({ code: 'ring_limited' });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'place takes an object'],
    ['no caller', { ...CALL, caller: undefined }, 'caller must be a text.'],
    ['an empty caller', { ...CALL, caller: '' }, 'caller must not be empty.'],
    ['a caller too long', { ...CALL, caller: 'a'.repeat(129) }, 'caller must be at most 128'],
    ['no callees', { ...CALL, callees: [] }, 'callees must be a list of the uids to ring.'],
    ['the caller among them', { ...CALL, callees: ['alice'] }, 'nobody calls themselves'],
    ['too many', { ...CALL, callees: ['b', 'c', 'd'] }, 'callees must be at most 2'],
    ['a callee twice', { ...CALL, callees: ['b', 'b'] }, 'callees must hold each uid once'],
    ['no kind', { ...CALL, kind: undefined }, 'kind is required: audio or video.'],
    ['another kind', { ...CALL, kind: 'fax' }, 'kind must be one of audio, video.'],
    ['an id that is no UUID', { ...CALL, callId: '7' }, 'callId must be a UUID.'],
    ['a number as context', { ...CALL, context: 7 }, 'context must be a text.'],
    ['data too long', { ...CALL, data: 'x'.repeat(4_096) }, 'data must be at most 4096 bytes'],
    ['data that is no JSON', { ...CALL, data: () => {} }, 'data must be what JSON can hold.'],
    [
      'a device too long',
      { ...CALL, deviceId: 'd'.repeat(129) },
      'deviceId must be a text of 1 to',
    ],
  ])('takes no request with %s', async (_, request, fault) => {
    const error = await calls.place(request as HostPlaceRequest).catch((caught) => caught);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(fault);
  });
});

describe('the caller’s phone', () => {
  it('enters by accept with the deviceId that the host has named', async () => {
    const { id } = await calls.place({ ...CALL, deviceId: 'alice-phone' });
    expect(await accept(id, 'alice')).toMatchObject({ call: { state: 'ringing' } });
    expect(await accept(id, 'alice', { device: 'alice-tablet' })).toMatchObject({
      refused: 'answered_elsewhere',
    });
  });

  it('takes the call over where the host has named none', async () => {
    const { id, parties } = await calls.place(CALL);
    expect(parties[0]?.device).toBe(`host:${id}`);
    expect(await accept(id, 'alice')).toMatchObject({ refused: 'answered_elsewhere' });
    await accept(id, 'alice', { takeOver: true });
    expect((await calls.get(id))?.parties[0]?.device).toBe('alice-phone');
    await accept(id, 'bob');
    expect(await partiesOf(id)).toEqual(['alice joining', 'bob joining']);
  });
});

describe('end', () => {
  it('ends it for all, for the host’s reason', async () => {
    const { id } = await calls.place(CALL);
    await accept(id, 'bob');
    expect(await calls.end(id.toUpperCase())).toMatchObject({
      ...{ id, state: 'ended', outcome: 'answered', reason: 'ended_by_host_app' },
    });
    expect(await calls.liveOf('bob')).toEqual([]);
  });

  it('cancels one that still rings, and leaves one that has ended as it is', async () => {
    const { id } = await calls.place(CALL);
    const ended = await calls.end(id);
    expect(ended).toMatchObject({ outcome: 'cancelled', reason: 'ended_by_host_app' });
    expect(await calls.end(id)).toEqual(ended);
  });

  it('knows no call that is not there', async () => {
    expect(await refusalOf(calls.end(ID))).toMatchObject({ code: 'not_found' });
    expect(await calls.get(ID)).toBeUndefined();
    await expect(calls.end('7')).rejects.toThrow(new TypeError('callId must be a UUID.'));
    await expect(calls.get(undefined as never)).rejects.toThrow(TypeError);
  });
});

describe('eraseUser', () => {
  it('leaves his calls as he would, and nothing is left of him', async () => {
    const talk = await calls.place({ ...CALL, callId: ID });
    await accept(talk.id, 'bob');
    const ring = await calls.place({ caller: 'carol', callees: ['bob'], kind: 'audio' });
    expect(ring.outcome).toBe('busy');
    const third = await calls.place({ caller: 'dave', callees: ['erin', 'bob'], kind: 'audio' });
    expect(third.state).toBe('ringing');

    expect(await calls.eraseUser('bob')).toEqual({ leftCalls: 1, wasKnown: true });
    expect(await partiesOf(talk.id)).toEqual(['alice left', 'erased left']);
    expect(await calls.liveOf('bob')).toEqual([]);
    const known = [await calls.get(talk.id), await calls.get(ring.id), await calls.get(third.id)];
    expect(JSON.stringify(known)).not.toContain('bob');
    expect(forgetCounters.mock.calls).toEqual([['bob']]);
  });

  it('declines a ring, and cancels a call of his own', async () => {
    const own = await calls.place(CALL);
    const ring = await calls.place({ caller: 'carol', callees: ['alice'], kind: 'audio' });
    expect(ring.parties[1]?.state).toBe('busy');
    const rung = await calls.place({ caller: 'dave', callees: ['erin'], kind: 'audio' });
    await calls.eraseUser('alice');
    await calls.eraseUser('erin');
    expect(await calls.get(own.id)).toMatchObject({ state: 'ended', outcome: 'cancelled' });
    expect(await calls.get(rung.id)).toMatchObject({ state: 'ended', outcome: 'declined' });
  });

  it('changes nothing once more, and nothing of somebody who was never there', async () => {
    const { id } = await calls.place(CALL);
    await calls.eraseUser('bob');
    const after = await calls.get(id);
    expect(await calls.eraseUser('bob')).toEqual({ leftCalls: 0, wasKnown: false });
    expect(await calls.eraseUser('nobody')).toEqual({ leftCalls: 0, wasKnown: false });
    expect(await calls.get(id)).toEqual(after);
  });

  it('tells the host of the leaving', async () => {
    const { id } = await calls.place(CALL);
    await accept(id, 'bob');
    await calls.eraseUser('bob');
    const told: string[] = [];
    for (;;) {
      const [next] = await store.leaseEffects('host', 1, 60_000);
      if (next === undefined) break;
      told.push(next.effect.event.type);
      await store.effectDone('host', next);
    }
    expect(told).toEqual(['call.placed', 'call.accepted', 'call.left', 'call.ended']);
  });

  it('of somebody from whom a ring is kept lets it ring out', async () => {
    await apply({
      ...{ type: 'place', callId: ID as CallId, caller: 'carol' as UserId, kind: 'audio' },
      ...{ device: 'carol-phone' as DeviceId, room: 'call_x' as never, requestHash: 'x' },
      callees: [{ uid: 'bob' as UserId, isHidden: true }],
    });
    expect(await calls.eraseUser('bob')).toEqual({ leftCalls: 0, wasKnown: true });
    clock.advance(RULES.ringMs + RULES.answerGraceMs);
    await apply({ type: 'tick', callId: ID as CallId });
    expect(await calls.get(ID)).toMatchObject({ state: 'ended', outcome: 'missed' });
  });

  it('is not stopped by somebody who rings him in that moment', async () => {
    let isFirst = true;
    const erase: CallStore['erase'] = async (uid) => {
      if (isFirst) await calls.place({ ...CALL, callId: ID });
      isFirst = false;
      return store.erase(uid);
    };
    const rung = make({ store: { ...store, erase } });
    expect(await rung.eraseUser('bob')).toEqual({ leftCalls: 1, wasKnown: true });
    expect(await partiesOf(ID)).toEqual(['alice left', 'erased declined']);
  });

  it('takes a uid alone', async () => {
    await expect(calls.eraseUser('')).rejects.toThrow(new TypeError('uid must not be empty.'));
    await expect(calls.eraseUser(7 as never)).rejects.toThrow(TypeError);
  });
});

describe('the database', () => {
  it('is waited for as a request waits for it', async () => {
    let isOpen = false;
    const opened = async () => {
      isOpen = true;
    };
    const patient = make({ opened, store: { ...store, call: (id) => store.call(id) } });
    await patient.place({ ...CALL, callId: OTHER_ID });
    expect(isOpen).toBe(true);
  });

  it('out of reach is an error with a code', async () => {
    const away = async () => {
      throw new StoreUnavailable(new Error('ECONNREFUSED'));
    };
    const lost = make({ apply: away, store: { call: away, live: away, erase: away } });
    const works = [
      lost.place(CALL),
      lost.end(ID),
      lost.get(ID),
      lost.liveOf('bob'),
      lost.eraseUser('bob'),
    ];
    for (const work of works) {
      expect(await refusalOf(work)).toMatchObject({ code: 'calls_unavailable' });
    }
  });

  it('that is not set is one too', async () => {
    const none = hostCallsNotConfigured();
    expect(await refusalOf(none.place(CALL))).toMatchObject({ code: 'calls_not_configured' });
    expect(await refusalOf(none.eraseUser('bob'))).toMatchObject({ code: 'calls_not_configured' });
  });
});
