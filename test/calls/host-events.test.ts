import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import type { HostEvent } from '../../src/calls/host-event.ts';
import { hostCallOf, withNames } from '../../src/calls/host-view.ts';
import {
  accept,
  alerting,
  createWorld,
  decline,
  end,
  invite,
  joined,
  leave,
  left,
  on,
  place,
  present,
  RULES,
  STARTED_AT,
  tick,
  type World,
} from './world.ts';

const RING_MS = RULES.ringMs + RULES.answerGraceMs;

const told = (targets: readonly string[] = ['app'], maxCallMs = RULES.maxCallMs): World =>
  createWorld({ ...RULES, maxCallMs, hostTargets: targets });

const ringing = (to: readonly string[] = ['B']): World => {
  const world = told();
  world.send(place('call', 'A', to));
  return world;
};

const talking = (to: readonly string[] = ['B', 'C']): World => {
  const world = ringing(to);
  world.send(...to.map((who) => accept('call', who)));
  world.send(...['A', ...to].map((who) => joined('call', present(who))));
  return world;
};

/** Of the last event alone. */
const eventsOf = (world: World, target = 'app'): readonly HostEvent[] =>
  world.last.effects.flatMap((effect) =>
    effect.type === 'host_event' && effect.target === target ? [effect.event] : [],
  );

/** `call.accepted B` */
const names = (world: World): readonly string[] =>
  eventsOf(world).map(({ type, uid }) => (uid === undefined ? type : `${type} ${uid}`));

describe('the host is told', () => {
  it.each<[string, World, (world: World) => unknown, readonly string[]]>([
    ['of a place', told(), (w) => w.send(place('call', 'A', ['B', '~C'])), ['call.placed']],
    ['of an alert', ringing(), (w) => w.send(alerting('call', 'B')), ['call.alerting B']],
    ['of an accept', ringing(), (w) => w.send(accept('call', 'B')), ['call.accepted B']],
    [
      'of a decline, in a group',
      ringing(['B', 'C']),
      (w) => w.send(decline('call', 'B')),
      ['call.declined B'],
    ],
    [
      'of a ring that is left, in a group',
      ringing(['B', 'C']),
      (w) => w.send(leave('call', 'B')),
      ['call.declined B'],
    ],
    [
      'of a call that somebody is too busy for',
      ringing(['B', 'C']),
      (w) => w.send(decline('call', 'B', 'busy')),
      ['call.missed B'],
    ],
    ['of a seat', ringing(), (w) => w.send(joined('call', present('A'))), ['call.joined A']],
    ['of a lost connection', talking(), (w) => w.send(left('call', present('B'))), ['call.lost B']],
    ['of who leaves a group', talking(), (w) => w.send(leave('call', 'C')), ['call.left C']],
    [
      'of a take-over',
      talking(),
      (w) => w.send(accept('call', 'B', 'B2', { takeOver: true })),
      ['call.accepted B'],
    ],
    [
      'of an invite',
      talking(['B']),
      (w) => w.send(invite('call', 'A', ['C', '~D'])),
      ['call.invited C', 'call.invited D'],
    ],
    [
      'of an invite anew',
      ringing(['B', 'C']),
      (w) => w.send(accept('call', 'B'), decline('call', 'C'), invite('call', 'A', ['C'])),
      ['call.invited C'],
    ],
    [
      'of an invite that shows the call to whom it was hidden from',
      ringing(['B', '~C']),
      (w) => w.send(accept('call', 'B'), invite('call', 'B', ['C'])),
      ['call.invited C'],
    ],
    [
      'of a session that had ended before there was news of it',
      ringing(),
      (w) => w.send(left('call', present('A'))),
      ['call.joined A', 'call.lost A'],
    ],
  ])('%s', (_, world, happen, expected) => {
    happen(world);
    expect(names(world)).toEqual(expected);
  });

  it('of who is busy, as a missed call: placed and invited alike', () => {
    const world = told();
    world.send(place('other', 'B', ['Z']), place('call', 'A', ['B', 'C']));
    expect(names(world)).toEqual(['call.placed', 'call.missed B']);
    world.send(accept('call', 'C'), invite('call', 'C', ['Z', 'B']));
    expect(names(world)).toEqual(['call.invited Z']);
    world.send(place('third', 'E', ['F']), invite('call', 'C', ['E']));
    expect(names(world)).toEqual(['call.missed E']);
  });

  it('of those too from whom it is hidden', () => {
    const world = ringing(['~B']);
    expect(eventsOf(world)[0]?.call.parties[1]).toEqual({
      ...{ uid: 'B', role: 'callee', state: 'ringing', isHidden: true },
    });
    world.now += RING_MS;
    world.send(tick('call'));
    expect(names(world)).toEqual(['call.missed B', 'call.ended']);
  });

  it('of no more than he can see', () => {
    const world = talking();
    world.now += 20_000;
    for (const quiet of [
      () =>
        world.sweep(
          'call',
          ['A', 'B', 'C'].map((who) => present(who)),
        ),
      () => world.sweep('call', undefined),
      () => world.send(joined('call', present('B', 'B-s2', STARTED_AT + 1))),
      () => world.send(joined('call', present('X'))),
      () => world.send(accept('call', 'B')),
      () => world.send(place('call', 'A', ['B', 'C'])),
      () => world.send(decline('call', 'B', 'timeout')),
      () => world.send(alerting('call', 'B')),
      () => world.send(tick('call')),
    ]) {
      const before = world.call('call').told;
      quiet();
      expect(eventsOf(world)).toEqual([]);
      expect(world.call('call').told).toBe(before);
    }
  });

  it('of nothing after the end', () => {
    const world = talking();
    world.send(end('call', 'A'));
    for (const event of [
      joined('call', present('B', 'B-s2', STARTED_AT + 1)),
      leave('call', 'B'),
      accept('call', 'C'),
      end('call'),
      on('call', { type: 'sweep', takenAt: world.now, present: [present('A')] }),
    ]) {
      world.send(event);
      expect(eventsOf(world)).toEqual([]);
    }
  });
});

describe('the end of a call is told last', () => {
  it.each<[string, World, (world: World) => unknown, readonly string[]]>([
    ['cancelled', ringing(), (w) => w.send(leave('call', 'A')), ['call.left A', 'call.ended']],
    ['ended while it rings', ringing(), (w) => w.send(end('call', 'A')), ['call.ended']],
    ['declined', ringing(), (w) => w.send(decline('call', 'B')), ['call.declined B', 'call.ended']],
    [
      'busy',
      ringing(),
      (w) => w.send(decline('call', 'B', 'busy')),
      ['call.missed B', 'call.ended'],
    ],
    ['hung up', talking(['B']), (w) => w.send(leave('call', 'B')), ['call.left B', 'call.ended']],
    ['ended for all', talking(), (w) => w.send(end('call', 'A')), ['call.ended']],
    ['ended by the host', talking(), (w) => w.send(end('call')), ['call.ended']],
    [
      'left for another one',
      ringing(),
      (w) => w.send(place('mine', 'B', ['C']), accept('call', 'B', 'B1', { instead: 'mine' })),
      ['call.accepted B', 'call.left B', 'call.ended'],
    ],
    [
      'replaced',
      talking(['B']),
      (w) => w.send(place('other', 'B', ['C'])),
      ['call.left B', 'call.ended', 'call.placed'],
    ],
  ])('%s', (_, world, happen, expected) => {
    happen(world);
    expect(names(world)).toEqual(expected);
  });

  it('missed by several, each at the end of his own ring', () => {
    const world = ringing(['B', 'C']);
    world.now += 5_000;
    world.send(joined('call', present('A')), invite('call', 'A', ['D']));
    world.now += RING_MS + 100;
    world.send(tick('call'));
    expect(eventsOf(world).map(({ type, uid, at }) => [type, uid, at - STARTED_AT])).toEqual([
      ['call.missed', 'B', RING_MS],
      ['call.missed', 'C', RING_MS],
      ['call.missed', 'D', RING_MS + 5_000],
      ['call.ended', undefined, RING_MS + 5_000],
    ]);
  });

  it('by its greatest length, before rings that end with it, at its own time', () => {
    const world = told(['app'], 10_000);
    world.send(place('call', 'A', ['B', 'C']), accept('call', 'B'));
    world.now += RING_MS;
    world.send(leave('call', 'A'));
    expect(names(world)).toEqual(['call.ended']);
    expect(eventsOf(world)[0]).toMatchObject({
      at: STARTED_AT + 10_000,
      call: { state: 'ended', outcome: 'answered', reason: 'max_duration' },
    });
  });

  it('as it is placed where all are busy', () => {
    const world = told();
    world.send(place('other', 'B', ['C']), place('call', 'A', ['B']));
    expect(names(world)).toEqual(['call.placed', 'call.missed B', 'call.ended']);
  });
});

describe('the events of a call', () => {
  it('tell in one change what a deadline made, and then what somebody did', () => {
    const world = ringing(['B', 'C']);
    world.send(accept('call', 'B'));
    world.now += RING_MS + 7;
    world.send(invite('call', 'A', ['C', 'D']));
    expect(eventsOf(world).map(({ type, uid, at }) => [type, uid, at - STARTED_AT])).toEqual([
      ['call.missed', 'C', RING_MS],
      ['call.invited', 'C', RING_MS + 7],
      ['call.invited', 'D', RING_MS + 7],
    ]);
  });

  it('are numbered from one, without a gap, for each target alike', () => {
    const world = told(['app', 'other']);
    const numbers: Record<string, number[]> = { app: [], other: [] };
    for (const event of [
      place('call', 'A', ['B', 'C']),
      joined('call', present('A')),
      accept('call', 'B'),
      decline('call', 'B', 'timeout'),
      invite('call', 'B', ['D']),
      decline('call', 'C'),
      leave('call', 'B'),
      leave('call', 'A'),
    ]) {
      world.send(event);
      for (const target of ['app', 'other']) {
        numbers[target]?.push(...eventsOf(world, target).map(({ sequence }) => sequence));
      }
      expect(world.call('call').told).toBe(numbers.app?.at(-1));
    }
    expect(numbers).toEqual({
      app: [1, 2, 3, 4, 5, 6, 7, 8],
      other: [1, 2, 3, 4, 5, 6, 7, 8],
    });
  });

  it('are none, and nothing is counted, where nobody is to be told', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    expect(world.last.effects).toEqual([{ type: 'create_room' }]);
    expect(world.call('call').told).toBeUndefined();
  });

  it('begin with one where a call is older than the first target', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    const late = told();
    late.adopt(world.call('call'));
    late.send(accept('call', 'B'));
    expect(eventsOf(late).map(({ sequence }) => sequence)).toEqual([1]);
  });
});

it('whoever connects and drops again and again is told of until a call has made 2,000 events', () => {
  const world = talking();
  const heard: HostEvent[] = [];
  for (let nth = 0; nth < 1_100; nth += 1) {
    const session = present('B', `B-s${nth}`, STARTED_AT + 10 + nth);
    for (const event of [joined('call', session), left('call', session)]) {
      world.send(event);
      heard.push(...eventsOf(world));
    }
  }
  expect(world.call('call').told).toBeLessThanOrEqual(2_001);
  expect(heard.length).toBeGreaterThan(1_980);
  const last = heard.at(-1);
  expect(last?.type, 'and in the end that he is there').toBe('call.joined');
  expect(last?.call.parties).toMatchObject([{}, { uid: 'B', state: 'joined' }, {}]);
  expect(world.call('call').parties).toMatchObject([{}, { uid: 'B', state: 'lost' }, {}]);
  // Of all else that becomes of him and of the call it is told as before.
  world.send(leave('call', 'B'));
  expect(names(world)).toEqual(['call.left B']);
  world.send(end('call', 'A'));
  expect(names(world)).toEqual(['call.ended']);
});

describe('a call as the host sees it', () => {
  const named = (call: Call): Call => ({
    ...call,
    parties: call.parties.map((party) =>
      party.uid === 'C' ? party : { ...party, name: `Name of ${party.uid}`, picture: 'https://p' },
    ),
  });

  it('has all of it but names', () => {
    const world = talking(['B']);
    world.now += 61_000;
    world.send(left('call', present('B')), invite('call', 'A', ['~C']), end('call', 'A'));
    const call = { ...named(world.call('call')), context: 'chat', data: '{"a":1}' };
    expect(hostCallOf(call)).toEqual({
      ...{ id: 'call', kind: 'audio', context: 'chat', data: { a: 1 }, isGroup: true },
      ...{ state: 'ended', outcome: 'answered', reason: 'ended_for_all', caller: 'A' },
      createdAt: '2026-11-01T12:00:00.000Z',
      activeAt: '2026-11-01T12:00:00.000Z',
      endedAt: '2026-11-01T12:01:01.000Z',
      talkSeconds: 61,
      parties: [
        { uid: 'A', role: 'caller', state: 'left', reason: 'ended_for_all', device: 'A1' },
        { uid: 'B', role: 'callee', state: 'left', reason: 'ended_for_all', device: 'B1' },
        { uid: 'C', role: 'callee', state: 'cancelled', reason: 'ended_for_all', isHidden: true },
      ],
    });
  });

  it('has names put in where they are known, and is otherwise as it was told', () => {
    const world = talking(['B', 'C']);
    const then = hostCallOf(world.call('call'));
    world.send(leave('call', 'B'));
    const later = withNames(then, named(world.call('call')));
    expect(later).toEqual({
      ...then,
      parties: [
        { ...then.parties[0], name: 'Name of A', picture: 'https://p' },
        { ...then.parties[1], name: 'Name of B', picture: 'https://p' },
        then.parties[2],
      ],
    });
  });

  it('is told as JSON, without anything that JSON does not know', () => {
    const world = ringing();
    const [event] = eventsOf(world);
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  });
});
