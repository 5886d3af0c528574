// Every state of a person × everything that can happen to him, held against the table of the rules
// as it is written down for people.
import { describe, expect, it } from 'vitest';
import type { Call, PartyState } from '../../src/calls/call.ts';
import { CALL_STATES, PARTY_STATES, partyOf } from '../../src/calls/call.ts';
import { CALL_EVENTS, CALL_TABLE, PARTY_EVENTS, PARTY_TABLE } from '../../src/calls/transitions.ts';
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
  place,
  present,
  RULES,
  STARTED_AT,
  tick,
  uid,
  type World,
} from './world.ts';

// `–`: nothing changes. `same`: the same device is answered once more, and nothing changes.
const RULED = `
state     | accept  | decline  | decline busy | timeout | ring over | joined | left | seen   | absent | early | freed | leave    | alerting | invite  | over
ringing   | joining | declined | busy         | –       | missed    | evict  | –    | evict  | –      | –     | –     | declined | ringing  | –       | cancelled
joining   | same    | –        | –            | –       | –         | joined | –    | joined | left   | –     | left  | left     | –        | –       | left
joined    | same    | –        | –            | –       | –         | joined | lost | –      | lost   | lost  | left  | left     | –        | –       | left
lost      | same    | –        | –            | –       | –         | joined | –    | joined | left   | –     | left  | left     | –        | –       | left
left      | joining | –        | –            | –       | –         | –      | –    | –      | –      | –     | –     | –        | –        | ringing | –
declined  | joining | –        | –            | –       | –         | –      | –    | –      | –      | –     | –     | –        | –        | ringing | –
missed    | joining | –        | –            | –       | –         | –      | –    | –      | –      | –     | –     | –        | –        | ringing | –
busy      | joining | –        | –            | –       | –         | –      | –    | –      | –      | –     | –     | –        | –        | ringing | –
cancelled | joining | –        | –            | –       | –         | –      | –    | –      | –      | –     | –     | –        | –        | ringing | –
`;

const [head = [], ...rows] = RULED.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const happenings = head.slice(1);
const pairs = rows.flatMap(([state, ...cells]) =>
  cells.map((becomes, column) => [state, happenings[column], becomes] as const),
) as unknown as readonly (readonly [PartyState, string, string])[];

/** A, C and D talk in a group; B is what is being looked at. */
function groupWithB(state: PartyState): World {
  const world = createWorld({ ...RULES, maxParticipants: 8 });
  if (state === 'busy') world.send(place('else', 'B', ['E']));
  world.send(place('call', 'A', ['B', 'C', 'D']), accept('call', 'C'), accept('call', 'D'));
  for (const who of ['A', 'C', 'D']) world.send(joined('call', present(who)));
  const ways: Record<PartyState, () => void> = {
    ringing: () => undefined,
    joining: () => void world.send(accept('call', 'B')),
    joined: () => void world.send(accept('call', 'B'), joined('call', present('B'))),
    lost: () => {
      ways.joined();
      world.send(left('call', present('B')));
    },
    left: () => void world.send(accept('call', 'B'), leave('call', 'B')),
    declined: () => void world.send(decline('call', 'B')),
    missed() {
      world.now += RULES.ringMs + RULES.answerGraceMs;
      world.send(tick('call'));
    },
    busy: () => void world.send(leave('else', 'B')),
    // Nobody can be this while the call is live; the table has an answer all the same.
    cancelled() {
      world.send(decline('call', 'B'));
      Object.assign(world.party('call', 'B'), { state: 'cancelled' });
    },
  };
  ways[state]();
  expect(world.party('call', 'B').state).toBe(state);
  return world;
}

const othersThere = ['A', 'C', 'D'].map((who) => present(who));

function happen(world: World, happening: string): void {
  const known = world.party('call', 'B').sid ?? 'B-s1';
  const ways: Record<string, () => void> = {
    accept: () => void world.send(accept('call', 'B')),
    decline: () => void world.send(decline('call', 'B')),
    'decline busy': () => void world.send(decline('call', 'B', 'busy')),
    timeout: () => void world.send(decline('call', 'B', 'timeout')),
    'ring over'() {
      const due = world.call('call').timers.get('ring:B');
      world.now = due ?? world.now;
      world.send(tick('call'));
    },
    joined: () => void world.send(joined('call', present('B', 'B-s2', STARTED_AT + 1))),
    // Of a person whose session is not known yet, the news that one has ended is two: see below.
    left: () =>
      void world.send(
        left('call', present('B', known), world.party('call', 'B').sid ? 'OTHER' : 'MIGRATION'),
      ),
    seen: () => void world.sweep('call', [...othersThere, present('B', known)]),
    absent() {
      world.now += RULES.reconnectGraceMs;
      world.sweep('call', othersThere);
    },
    early() {
      world.now += RULES.reconnectGraceMs - 1;
      world.sweep('call', othersThere);
    },
    freed() {
      world.now += RULES.reconnectGraceMs - 1;
      world.sweep('call', othersThere, 'B');
    },
    leave: () => void world.send(leave('call', 'B')),
    alerting: () => void world.send(alerting('call', 'B')),
    invite: () => void world.send(invite('call', 'A', ['B'])),
    over: () => void world.send(end('call', 'A')),
  };
  ways[happening]?.();
}

/** All of it but what LiveKit said of itself and when it is asked next. */
function withoutQuestions(call: Call) {
  const { heard: _heard, timers, ...rest } = call;
  return { ...rest, timers: [...timers].filter(([key]) => key !== 'watch') };
}

describe('a person in a call', () => {
  it.each(pairs)('%s, %s: %s', (state, happening, becomes) => {
    const world = groupWithB(state);
    if (state === 'lost' && happening === 'seen') world.now += RULES.reconnectGraceMs;
    const before = world.call('call');
    happen(world, happening);
    const { effects, seenBy } = world.last;
    const evicts = effects.some(({ type }) => type === 'remove_participant');
    expect(evicts).toBe(becomes === 'evict');
    if (['–', 'same', 'evict'].includes(becomes)) {
      // The call as a whole may be over; B's part in it has nothing to do with that.
      const after =
        happening === 'over' ? world.party('call', 'B') : withoutQuestions(world.call('call'));
      const known = happening === 'over' ? partyOf(before, 'B') : withoutQuestions(before);
      expect(after).toEqual(known);
      if (happening !== 'over') expect(seenBy).toEqual({});
    } else {
      expect(world.party('call', 'B').state).toBe(becomes);
      const isNewSession = state === 'joined' && happening === 'joined';
      const all = isNewSession ? [] : ['A', 'B', 'C', 'D'];
      expect(Object.keys(seenBy).sort()).toEqual(happening === 'alerting' ? ['A'] : all);
    }
  });

  it('is tried in every state, by everything that the table knows', () => {
    expect(rows.map(([state]) => state)).toEqual([...PARTY_STATES]);
    const tried = [...happenings, 'invite_busy'].map((name) => name.replace(' ', '_'));
    const named = { ...{ over: 'call_over' } } as Record<string, string>;
    expect(new Set(tried.map((name) => named[name] ?? name))).toEqual(
      new Set([...PARTY_EVENTS, 'timeout', 'early']),
    );
  });

  it('is what the table in the code says it is', () => {
    const names: Record<string, string> = {
      over: 'call_over',
      'decline busy': 'decline_busy',
      'ring over': 'ring_over',
    };
    for (const [state, happening, becomes] of pairs) {
      const event = names[happening] ?? happening;
      if (event === 'timeout' || event === 'early') continue;
      const listed = PARTY_TABLE[state][event as keyof (typeof PARTY_TABLE)[PartyState]];
      expect(`${state} ${event} ${listed ?? '–'}`).toBe(
        `${state} ${event} ${becomes === 'same' ? '–' : becomes}`,
      );
    }
  });

  it.each(['left', 'declined', 'missed', 'busy', 'cancelled'] as const)(
    '%s, and invited while seated in another call: busy',
    (state) => {
      const world = groupWithB(state);
      world.send(place('other', 'B', ['Z']), invite('call', 'A', ['B']));
      expect(world.party('call', 'B')).toMatchObject({ state: 'busy', reason: 'busy' });
      expect(world.last.seenBy).toEqual({ A: 'invited', C: 'invited', D: 'invited', B: 'missed' });
    },
  );
});

describe('a call that has ended', () => {
  const over = (): World => {
    const world = groupWithB('joined');
    world.send(end('call', 'A'));
    return world;
  };

  it.each(happenings)('is changed by nothing: %s', (happening) => {
    const world = over();
    const before = world.call('call');
    happen(world, happening);
    expect(world.call('call')).toBe(before);
    expect(world.last.seenBy).toEqual({});
    // Whoever is in its room has made it again.
    const isAgain = ['joined', 'seen', 'absent', 'early', 'freed'].includes(happening);
    expect(world.last.effects).toEqual(isAgain ? [{ type: 'delete_room' }] : []);
  });

  it('has no room to delete where nobody is there', () => {
    const world = over();
    world.sweep('call', []);
    expect(world.last).toMatchObject({ changed: [], effects: [] });
    world.sweep('call', undefined);
    expect(world.last).toMatchObject({ changed: [], effects: [] });
  });
});

describe('a call as a whole', () => {
  const ways: Record<string, (world: World) => void> = {
    first_accept: (world) => world.send(accept('call', 'B')),
    cancelled: (world) => world.send(leave('call', 'A')),
    no_ring_left: (world) => world.send(decline('call', 'B')),
    ended_for_all: (world) => world.send(end('call', 'A')),
    max_duration(world) {
      world.now += RULES.maxCallMs;
      world.send(tick('call'));
    },
    alone(world) {
      world.send(invite('call', 'A', ['C']), decline('call', 'C'), leave('call', 'B'));
      world.now += RULES.aloneMs;
      world.send(tick('call'));
    },
    too_few_seats: (world) => world.send(leave('call', 'B')),
  };
  const ruled: Record<string, Record<string, string>> = {
    ringing: { first_accept: 'active', cancelled: 'ended', no_ring_left: 'ended' },
    active: {
      ended_for_all: 'ended',
      max_duration: 'ended',
      alone: 'ended',
      too_few_seats: 'ended',
    },
    ended: {},
  };

  it('is what the table in the code says it is', () => {
    expect(CALL_TABLE).toEqual(ruled);
    expect(Object.keys(ways)).toEqual([...CALL_EVENTS]);
    expect(Object.keys(ruled)).toEqual([...CALL_STATES]);
  });

  it.each(
    Object.entries(ruled).flatMap(([from, row]) =>
      Object.entries(row).map(([by, to]) => [from, by, to] as const),
    ),
  )('%s, %s: %s', (from, by, to) => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    if (from === 'active') world.send(accept('call', 'B'));
    expect(world.state('call')).toBe(from);
    ways[by]?.(world);
    expect(world.call('call').state).toBe(to);
    expect(world.call('call').caller).toBe(uid('A'));
  });
});
