import { afterEach, describe, expect, it } from 'vitest';
import { createCalls } from '../../src/calls/apply-event.ts';
import type { Call } from '../../src/calls/call.ts';
import type { CallEvent, Present } from '../../src/calls/event.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import {
  accept,
  decline,
  end,
  id,
  joined,
  leave,
  place,
  present,
  RULES,
  STARTED_AT,
  uid,
} from './world.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Answer = readonly Present[] | undefined | Error | (() => Promise<readonly Present[]>);

async function stage() {
  const clock = createFakeClock(STARTED_AT);
  const log = createFakeLog();
  const store = createSqliteStore({ path: ':memory:', clock, log });
  await store.open();
  open.push(() => store.close());
  const rooms = new Map<string, Answer>();
  const asked: string[] = [];
  const observed: string[] = [];
  const calls = createCalls({
    store,
    rules: RULES,
    log,
    async askRoom(room, timeoutMs) {
      asked.push(`${room} ${timeoutMs}`);
      const answer = rooms.get(room);
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer() : answer;
    },
    observe: (before, after) =>
      void observed.push(`${after.id} ${before?.state ?? 'none'} > ${after.state}`),
  });
  return {
    ...{ clock, log, store, rooms, asked, observed, apply: calls.apply },
    /** Each in turn; the last answer: `state, of each person`, or the refusal. */
    async send(...events: readonly CallEvent[]): Promise<string> {
      let told = '';
      for (const event of events) {
        const applied = await calls.apply(event);
        told =
          'refused' in applied
            ? `${applied.refused}${applied.callId === undefined ? '' : ` ${applied.callId}`}`
            : stateOf(applied.call);
      }
      return told;
    },
    state: async (callId: string) => stateOf((await store.call(id(callId))).call as Call),
  };
}

const stateOf = ({ state, parties }: Call): string =>
  [state, ...parties.map((party) => `${party.uid} ${party.state}`)].join(', ');

describe('the one door', () => {
  it('answers with the call as it was written, and the store’s time', async () => {
    const { apply, clock } = await stage();
    const placed = await apply(place('call', 'A', ['B']), {
      profile: { uid: uid('A'), name: 'Ada', picture: 'https://example.com/ada' },
    });
    expect(placed).toMatchObject({ created: true, now: clock.now() });
    const parties = 'call' in placed ? placed.call.parties : [];
    expect(parties.map(({ version, cause, name }) => [version, cause, name])).toEqual([
      [1, 'ringing', 'Ada'],
      [1, 'ringing', undefined],
    ]);
    expect(await apply(place('call', 'A', ['B']))).toMatchObject({ created: false });
  });

  it('answers a refusal with a time as well, and writes deadlines that had passed', async () => {
    const { apply, clock, send, state } = await stage();
    await send(place('call', 'A', ['B']));
    clock.advance(55_000);
    expect(await apply(accept('call', 'B'))).toEqual({ refused: 'call_ended', now: clock.now() });
    expect(await state('call')).toBe('ended, A left, B missed');
  });

  it('finds no call where there is none', async () => {
    const { send } = await stage();
    expect(await send(accept('call', 'B'))).toBe('not_found');
    expect(await send(joined('call', present('A')))).toBe('not_found');
  });

  it('tells the measurements of every call that was written, and of no other', async () => {
    const { observed, send } = await stage();
    await send(place('call', 'A', ['B']), accept('call', 'B'), accept('call', 'B'));
    await send(place('next', 'A', ['C']), decline('none', 'A'));
    expect(observed).toEqual([
      'call none > ringing',
      'call ringing > active',
      'call active > ended',
      'next none > ringing',
    ]);
  });

  it('leaves one call and takes the other in one go', async () => {
    const { send, state } = await stage();
    await send(place('own', 'B', ['C'], 'B2'), accept('own', 'C'), place('call', 'A', ['B']));
    // He was busy: the ring is a new one.
    expect(await state('call')).toBe('ended, A left, B busy');
    await send(leave('own', 'B'), place('next', 'A', ['B']), place('own2', 'B', ['C'], 'B2'));
    expect(await send(accept('next', 'B', 'B1'))).toBe('in_another_call own2');
    expect(await send(accept('next', 'B', 'B1', { instead: 'own2' }))).toBe(
      'active, A joining, B joining',
    );
    expect(await state('own2')).toBe('ended, B left, C cancelled');
  });

  it('counts rings without an answer', async () => {
    const { clock, send } = await stage();
    for (let ring = 1; ring <= 5; ring++) {
      expect(await send(place(`call${ring}`, 'A', ['B']))).toBe('ringing, A joining, B ringing');
      await send(leave(`call${ring}`, 'A'));
      clock.advance(1_000);
    }
    expect(await send(place('call6', 'A', ['B']))).toBe('ring_limited');
    expect(await send(place('call6', 'A', ['C']), leave('call6', 'A'))).toContain('ended');
    clock.advance(600_000);
    expect(await send(place('call7', 'A', ['B']))).toBe('ringing, A joining, B ringing');
  });

  it('makes one call of two that are placed at one moment, fifty times of fifty', async () => {
    const { apply, store } = await stage();
    for (let round = 0; round < 50; round++) {
      const [one, other] = await Promise.all([
        apply(place(`a${round}`, `A${round}`, [`B${round}`])),
        apply(place(`b${round}`, `B${round}`, [`A${round}`])),
      ]);
      const ids = [one, other].map((applied) => 'call' in applied && applied.call.id);
      expect(new Set(ids).size).toBe(1);
      const { calls } = await store.live(uid(`A${round}`));
      expect(calls.map(stateOf)).toEqual([`active, A${round} joining, B${round} joining`]);
    }
  });
});

describe('a seat that stands in somebody’s way', () => {
  const talking = async () => {
    const scene = await stage();
    await scene.send(place('old', 'A', ['B']), accept('old', 'B'));
    await scene.send(joined('old', present('A')), joined('old', present('B')));
    return scene;
  };

  it('is believed for 30 s: nobody is asked', async () => {
    const { asked, clock, send } = await talking();
    clock.advance(30_000);
    expect(await send(place('new', 'C', ['B']))).toBe('ended, C left, B busy');
    expect(asked).toEqual([]);
  });

  it('is free where LiveKit says that he is not there, in the same request', async () => {
    const { asked, clock, rooms, send, state } = await talking();
    clock.advance(31_000);
    rooms.set('call_old', [present('A')]);
    expect(await send(place('new', 'C', ['B']))).toBe('ringing, C joining, B ringing');
    expect(asked).toEqual(['call_old 1000']);
    expect(await state('old')).toBe('ended, A left, B left');
  });

  it.each([
    ['he is there', [present('A'), present('B')]],
    ['there is no answer', undefined],
    ['the question fails', new Error('no route')],
  ] as const)('stays where %s', async (_, answer) => {
    const { clock, log, rooms, send, state } = await talking();
    clock.advance(31_000);
    rooms.set('call_old', answer);
    expect(await send(place('new', 'C', ['B']))).toBe('ended, C left, B busy');
    expect(await state('old')).toBe('active, A joined, B joined');
    const told = answer instanceof Error ? [{ level: 'warn', fields: { err: answer } }] : [];
    expect(log.lines).toMatchObject(told);
  });

  it('is asked after once a room, for as many people as sit there', async () => {
    const { asked, clock, rooms, send, state } = await talking();
    clock.advance(31_000);
    rooms.set('call_old', []);
    expect(await send(place('new', 'C', ['A', 'B']))).toBe(
      'ringing, C joining, A ringing, B ringing',
    );
    expect(asked).toHaveLength(1);
    expect(await state('old')).toContain('ended');
  });

  it('is asked after before an accept or a place on another device is refused', async () => {
    const { clock, rooms, send } = await talking();
    await send(place('third', 'D', ['E']), leave('third', 'D'));
    clock.advance(31_000);
    rooms.set('call_old', [present('A'), present('B')]);
    expect(await send(place('new', 'B', ['C'], 'B2'))).toBe('in_another_call old');
    rooms.set('call_old', [present('A')]);
    expect(await send(place('new', 'B', ['C'], 'B2'))).toBe('ringing, B joining, C ringing');
  });

  it('is his again though he sits down a second time while LiveKit is asked', async () => {
    const { clock, rooms, send, state } = await stage();
    await send(place('old', 'A', ['B', 'D']), accept('old', 'B'), accept('old', 'D'));
    clock.advance(31_000);
    rooms.set('call_old', async () => {
      await send(leave('old', 'B'), accept('old', 'B', 'B2'));
      return [present('A'), present('D')];
    });
    expect(await send(place('new', 'C', ['B']))).toBe('ended, C left, B busy');
    expect(await state('old')).toBe('active, A joined, B joining, D joined');
  });

  it('writes nothing of the first look but what had to be', async () => {
    const { clock, observed, rooms, send } = await talking();
    clock.advance(31_000);
    rooms.set('call_old', [present('A'), present('B')]);
    observed.length = 0;
    await send(place('new', 'C', ['B']));
    expect(observed).toEqual(['new none > ended']);
    await send(end('old'));
  });
});
