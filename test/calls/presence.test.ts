import { describe, expect, it } from 'vitest';
import type { CallEvent, Present } from '../../src/calls/event.ts';
import {
  accept,
  createWorld,
  invite,
  joined,
  leave,
  left,
  on,
  place,
  present,
  RULES,
  STARTED_AT,
  uid,
  type World,
} from './world.ts';

const both = [present('A'), present('B')];

const active = (to: readonly string[] = ['B']): World => {
  const world = createWorld();
  world.send(place('call', 'A', to));
  for (const who of to) world.send(accept('call', who));
  return world;
};
const aborted = (callId: string, someone: Present) =>
  on(callId, {
    type: 'left',
    present: someone,
    disconnectReason: 'JOIN_FAILURE',
    wasNeverUp: true,
  });
const talking = (): World => {
  const world = active();
  world.send(joined('call', present('A')), joined('call', present('B')));
  world.now += 60_000;
  return world;
};
/** Asks as of now. */
const sweep = (world: World, ...people: Parameters<World['sweep']>[1] & object) =>
  world.sweep('call', people);

/** Begun so many seconds after the call was placed. */
const session = (who: string, sid: number) =>
  present(who, `${who}-s${sid}`, STARTED_AT + sid * 1_000);

describe('a webhook of LiveKit', () => {
  it('says who has come, and that webhooks arrive', () => {
    const world = active();
    world.send(joined('call', present('A')));
    expect(world.states('call')).toBe('A joined, B joining');
    expect(world.party('call', 'A')).toMatchObject({ sid: 'A-s1', sidAt: STARTED_AT });
    expect(world.call('call').heard).toBe('webhook');
    expect(Object.keys(world.timers('call'))).toEqual(['grace:B', 'max', 'watch']);
    expect(world.last.seenBy).toEqual({ A: 'joined', B: 'joined' });
  });

  it.each([
    ['CLIENT_INITIATED', 5_000],
    ['SIGNAL_CLOSE', RULES.reconnectGraceMs],
    ['', RULES.reconnectGraceMs],
  ])('%s: somebody is lost, and asked after in %i ms', (reason, graceMs) => {
    const world = talking();
    world.send(left('call', present('B'), reason));
    expect(world.states('call')).toBe('A joined, B lost');
    expect(world.timers('call')['grace:B']).toBe(graceMs);
    expect(world.last.seenBy).toEqual({ A: 'lost', B: 'lost' });
  });

  it('grants no longer a grace than anybody has', () => {
    const world = createWorld({ ...RULES, reconnectGraceMs: 2_000 });
    world.send(place('call', 'A', ['B']), accept('call', 'B'), joined('call', present('B')));
    world.send(left('call', present('B'), 'CLIENT_INITIATED'));
    expect(world.timers('call')['grace:B']).toBe(2_000);
  });

  it.each(['DUPLICATE_IDENTITY', 'MIGRATION'])('%s: he goes on', (reason) => {
    const world = talking();
    world.send(left('call', present('B'), reason));
    expect(world.last).toMatchObject({ changed: [], seenBy: {} });
  });

  it('of a session that has passed changes nothing', () => {
    const world = talking();
    world.send(joined('call', present('B', 'B-s2', STARTED_AT + 9)));
    world.send(left('call', present('B')));
    expect(world.last.changed).toEqual([]);
    expect(world.party('call', 'B')).toMatchObject({ state: 'joined', sid: 'B-s2' });
    world.send(joined('call', present('B')));
    expect(world.last.changed).toEqual([]);
  });

  it('that comes after the end of its own session changes nothing', () => {
    const world = talking();
    world.send(left('call', present('B')), joined('call', present('B')));
    expect(world.party('call', 'B').state).toBe('lost');
    expect(world.last.changed).toEqual([]);
  });

  it('of a connection that was aborted loses a session that was seen, and no other', () => {
    const world = talking();
    world.send(aborted('call', present('B', 'B-s2', STARTED_AT + 70_000)));
    expect(world.states('call')).toBe('A joined, B joined');
    world.send(aborted('call', present('B')));
    expect(world.states('call')).toBe('A joined, B lost');
  });

  it('brings back who was lost, in a new session', () => {
    const world = talking();
    world.send(left('call', present('B')), joined('call', present('B', 'B-s2', STARTED_AT + 9)));
    expect(world.party('call', 'B')).toMatchObject({ state: 'joined', sid: 'B-s2' });
    expect(world.party('call', 'B').goneSid).toBeUndefined();
    expect(world.timers('call')['grace:B']).toBeUndefined();
  });

  it('of two sessions begun in one moment takes the same one in any order', () => {
    const sids = ['B-s1', 'B-s2'].map((sid) => joined('call', present('B', sid)));
    for (const order of [sids, sids.toReversed()]) {
      const world = active();
      world.send(...order);
      expect(world.party('call', 'B').sid).toBe('B-s2');
    }
  });

  it('of somebody unknown, or who still rings, has him removed', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    for (const who of ['B', 'X', 'A#phone']) {
      world.send(joined('call', present(who)));
      expect(world.last.effects).toEqual([{ type: 'remove_participant', identity: who }]);
      expect(world.last.seenBy).toEqual({});
    }
    expect(world.states('call')).toBe('A joining, B ringing');
    world.send(left('call', present('X')), left('call', present('B')));
    expect(world.last.changed).toEqual([]);
  });

  it('of a room that is no call finds nothing', () => {
    const world = createWorld();
    expect(world.send(joined('none', present('A')))).toEqual({ refused: 'not_found' });
    expect(world.send(left('none', present('A')))).toEqual({ refused: 'not_found' });
    expect(world.sweep('none', [])).toEqual({ refused: 'not_found' });
  });

  it('of a late join has the room of an ended call deleted again', () => {
    const world = talking();
    world.send(leave('call', 'A'), joined('call', present('B', 'B-s2', STARTED_AT + 9)));
    expect(world.last.effects).toEqual([{ type: 'delete_room' }]);
    expect(world.party('call', 'B').state).toBe('left');
  });

  it('of a late join is one with the end that nobody had noticed: the room is deleted once', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    world.now += RULES.ringMs + RULES.answerGraceMs;
    world.send(joined('call', present('A')));
    expect(world.state('call')).toBe('ended: missed, ring_timeout');
    expect(world.last.effects).toEqual([{ type: 'delete_room' }]);
  });
});

describe('webhooks twice and in every order', () => {
  const stories: Record<string, readonly CallEvent[]> = {
    'both come': [joined('call', session('A', 1)), joined('call', session('B', 2))],
    'one comes and is lost': [joined('call', session('B', 1)), left('call', session('B', 1))],
    'one reconnects': [
      joined('call', session('B', 1)),
      left('call', session('B', 1), 'CLIENT_INITIATED'),
      joined('call', session('B', 2)),
    ],
    'one moves to another device, then is lost': [
      joined('call', session('B', 1)),
      joined('call', session('B', 2)),
      left('call', session('B', 1), 'DUPLICATE_IDENTITY'),
      left('call', session('B', 2)),
    ],
    'one reconnects while the other comes': [
      joined('call', session('A', 1)),
      left('call', session('A', 1)),
      joined('call', session('A', 3)),
      joined('call', session('B', 4)),
    ],
  };

  it.each(Object.entries(stories))('give the same rows: %s', { timeout: 60_000 }, (_, story) => {
    const rows = (events: readonly CallEvent[]) => {
      const world = active();
      world.now += 10_000;
      world.send(...events);
      return world.call('call');
    };
    const expected = rows(story);
    for (const order of permutationsOf([...story, ...story])) expect(rows(order)).toEqual(expected);
  });
});

/** Of at most eight; more would be tried too often. */
function permutationsOf<Item>(items: readonly Item[]): (readonly Item[])[] {
  if (items.length < 2) return [items];
  const seen = new Set<Item>();
  return items.flatMap((item, place) => {
    if (seen.has(item)) return [];
    seen.add(item);
    return permutationsOf(items.toSpliced(place, 1)).map((rest) => [item, ...rest]);
  });
}

describe('an answer of LiveKit', () => {
  it('brings people in whose webhook never came', () => {
    const world = active();
    world.now += 5_000;
    sweep(world, ...both);
    expect(world.states('call')).toBe('A joined, B joined');
    expect(world.last.seenBy).toEqual({ A: 'joined', B: 'joined' });
    expect(world.timers('call')).toEqual({ max: RULES.maxCallMs - 5_000, watch: 20_000 });
  });

  it('that changes nothing is seen by nobody', () => {
    const world = talking();
    sweep(world, ...both);
    expect(world.last.seenBy).toEqual({});
    expect(world.timers('call').watch).toBe(60_000);
  });

  it('knows a new session of somebody who is there', () => {
    const world = talking();
    sweep(world, present('A'), present('B', 'B-s2', STARTED_AT + 9));
    expect(world.party('call', 'B')).toMatchObject({ state: 'joined', sid: 'B-s2' });
    expect(world.last.seenBy).toEqual({});
  });

  it('has each unknown person removed once, and whoever still rings', () => {
    const world = talking();
    world.send(invite('call', 'A', ['C']));
    sweep(world, ...both, present('X'), present('X', 'X-s2'), present('C'));
    expect(world.last.effects).toEqual([
      { type: 'remove_participant', identity: 'X' },
      { type: 'remove_participant', identity: 'C' },
    ]);
  });

  it('without somebody who was there loses him first, and ends it past the grace', () => {
    const world = talking();
    sweep(world, present('A'));
    expect(world.states('call')).toBe('A joined, B lost');
    expect(world.timers('call')['grace:B']).toBe(20_000);
    world.now += 19_999;
    sweep(world, present('A'));
    expect(world.states('call')).toBe('A joined, B lost');
    world.now += 1;
    sweep(world, present('A'));
    expect(world.state('call')).toBe('ended: answered, connection_lost');
    expect(world.party('call', 'B')).toMatchObject({ state: 'left', reason: 'connection_lost' });
    expect(world.last.effects).toEqual([{ type: 'delete_room' }]);
  });

  it('that was asked for before the grace was over does not count as past it', () => {
    const world = talking();
    world.send(left('call', present('B')));
    const takenAt = world.now + 19_999;
    world.now += 22_000;
    world.send(on('call', { type: 'sweep', takenAt, present: [present('A')] }));
    expect(world.states('call')).toBe('A joined, B lost');
  });

  it('ends a call into which nobody came: it failed, and that is proven', () => {
    const world = active();
    world.now += 20_000;
    sweep(world);
    expect(world.state('call')).toBe('ended: failed, never_joined');
    expect(world.party('call', 'A').reason).toBe('never_joined');
  });

  it('of a moment before an accept or a session says nothing of it', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B', 'C']), accept('call', 'B'));
    const takenAt = world.now;
    world.now += 1;
    world.send(accept('call', 'C'), joined('call', present('A', 'A-s1', world.now)));
    world.now += RULES.reconnectGraceMs;
    world.send(on('call', { type: 'sweep', takenAt, present: [], frees: uid('C') }));
    expect(world.party('call', 'C').state).toBe('joining');
    expect(world.party('call', 'A').state).toBe('joined');
  });

  it('says something of a session whose clock is ahead of ours', () => {
    const world = active();
    world.send(joined('call', present('B', 'B-s1', world.now + 3_600_000)));
    world.now += 60_000;
    sweep(world, present('A'));
    expect(world.party('call', 'B').state).toBe('lost');
  });

  it('that shows a session which has ended since does not bring it back', () => {
    const world = talking();
    const takenAt = world.now;
    world.send(left('call', present('B')));
    world.now += 1_000;
    world.send(on('call', { type: 'sweep', takenAt, present: both }));
    expect(world.party('call', 'B').state).toBe('lost');
  });

  it('that shows him still, past the grace, is believed', () => {
    const world = talking();
    world.send(left('call', present('B')));
    world.now += RULES.reconnectGraceMs;
    sweep(world, ...both);
    expect(world.party('call', 'B').state).toBe('joined');
  });

  it('frees a seat at once where it stands in somebody’s way', () => {
    const world = talking();
    world.sweep('call', [present('A')], 'B');
    expect(world.state('call')).toBe('ended: answered, connection_lost');
    const silent = talking();
    sweep(silent, present('A'));
    silent.now += 20_000;
    silent.sweep('call', undefined);
    silent.sweep('call', [present('A')], 'B');
    expect(silent.state('call')).toBe('ended: answered, connection_lost');
    const there = talking();
    there.sweep('call', both, 'B');
    expect(there.states('call')).toBe('A joined, B joined');
  });
});

describe('no answer of LiveKit', () => {
  it('changes nothing but when it is asked again', () => {
    const world = active();
    world.now += 20_000;
    world.sweep('call', undefined);
    expect(world.states('call')).toBe('A joining, B joining');
    expect(world.last.seenBy).toEqual({});
    expect(world.timers('call')).toEqual({
      'grace:A': 5_000,
      'grace:B': 5_000,
      max: RULES.maxCallMs - 20_000,
      proof: 5_000,
      silence: 5_000,
      watch: 20_000,
    });
  });

  it('gives the whole grace once more to who is absent when LiveKit is back', () => {
    const world = talking();
    sweep(world, present('A'));
    world.now += 20_000;
    world.sweep('call', undefined);
    world.now += 5_000;
    sweep(world, present('A'));
    expect(world.states('call')).toBe('A joined, B lost');
    expect(world.timers('call')['grace:B']).toBe(20_000);
    expect(world.timers('call').silence).toBeUndefined();
    world.now += 20_000;
    sweep(world, present('A'));
    expect(world.state('call')).toBe('ended: answered, connection_lost');
  });

  it('is forgotten where nobody waits for one any more', () => {
    const world = talking();
    sweep(world, present('A'));
    world.now += 20_000;
    world.sweep('call', undefined);
    world.send(joined('call', present('B', 'B-s2', STARTED_AT + 21_000)));
    expect(world.timers('call')['grace:B']).toBeUndefined();
    world.now += 5_000;
    world.sweep('call', undefined);
    expect(world.timers('call').silence).toBeUndefined();
    expect(world.states('call')).toBe('A joined, B joined');
  });

  it('throws nobody out, however long it takes', () => {
    const world = talking();
    world.send(left('call', present('B')));
    for (let round = 0; round < 100; round++) {
      world.now += 5_000;
      world.sweep('call', undefined);
    }
    expect(world.states('call')).toBe('A joined, B lost');
    sweep(world, present('A'), present('B', 'B-s2', world.now));
    expect(world.states('call')).toBe('A joined, B joined');
  });

  it('leaves deadlines alone that have not come', () => {
    const world = talking();
    const before = world.timers('call');
    world.now -= 60_000;
    world.sweep('call', undefined);
    expect(world.last.changed).toEqual([]);
    world.now += 60_000;
    expect(world.timers('call')).toEqual(before);
  });
});

describe('a caller while it rings', () => {
  const ringing = (): World => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    return world;
  };

  it('who was in the room and is absent past the grace has given up: cancelled', () => {
    const world = ringing();
    world.send(joined('call', present('A')), left('call', present('A')));
    expect(world.states('call')).toBe('A lost, B ringing');
    world.now += RULES.reconnectGraceMs;
    sweep(world);
    expect(world.state('call')).toBe('ended: cancelled, caller_lost');
    expect(world.last.seenBy).toEqual({ A: 'ended', B: 'cancelled' });
  });

  it('who has never joined is not judged', () => {
    const world = ringing();
    world.now += 40_000;
    sweep(world);
    expect(world.states('call')).toBe('A joining, B ringing');
    expect(world.call('call').heard).toBe('nothing');
  });
});

describe('proof that two have talked', () => {
  it('is their being there together, from the arrival of the second', () => {
    const world = active();
    world.now += 3_000;
    world.send(joined('call', present('B', 'B-s1', STARTED_AT + 2_500)));
    expect(world.call('call').talkAt).toBeUndefined();
    world.send(joined('call', present('A', 'A-s1', STARTED_AT + 1_000)));
    expect(world.call('call').talkAt).toBe(STARTED_AT + 2_500);
  });

  it.each<[string, (world: World) => unknown]>([
    ['an answer of LiveKit shows both', (world) => sweep(world, session('A', 1), session('B', 2))],
    [
      'the end of a session has overtaken its beginning',
      (world) => world.send(joined('call', session('A', 1)), left('call', session('B', 2))),
    ],
  ])('is given where %s', (_, happen) => {
    const world = active();
    world.now += 5_000;
    happen(world);
    expect(world.call('call').talkAt).toBe(STARTED_AT + 2_000);
    world.send(leave('call', 'A'));
    expect(world.state('call')).toBe('ended: answered, hangup');
  });

  it.each([
    ['before the accept', -60_000, 0],
    ['in the future', 60_000, 3_000],
  ])('does not count from a clock %s', (_, wrongMs, countsFrom) => {
    const world = active();
    world.now += 3_000;
    for (const who of ['A', 'B']) {
      world.send(joined('call', present(who, `${who}-s1`, STARTED_AT + wrongMs)));
    }
    expect(world.call('call').talkAt).toBe(STARTED_AT + countsFrom);
  });

  it('is lacking where nothing was heard of LiveKit: answered, without a time', () => {
    const world = active();
    world.now += 30_000;
    world.send(leave('call', 'A'));
    expect(world.state('call')).toBe('ended: answered, hangup');
    expect(world.call('call').talkAt).toBeUndefined();
  });

  it('is lacking where webhooks show one alone: failed', () => {
    const world = active();
    world.send(joined('call', present('A')));
    world.now += 3_000;
    world.send(leave('call', 'A'));
    expect(world.state('call')).toBe('ended: failed, hangup');
  });

  it('is lacking where LiveKit says so after the accept, not before', () => {
    const world = active();
    world.now += 4_999;
    sweep(world, present('A'));
    expect(world.call('call').heard).toBe('nothing');
    world.now += 1;
    sweep(world, present('A'));
    expect(world.call('call').heard).toBe('answer');
    expect(world.timers('call').proof).toBeUndefined();
    world.send(leave('call', 'A'));
    expect(world.state('call')).toBe('ended: failed, hangup');
  });

  it('is lacking where the connection of the second never came about', () => {
    const world = active();
    world.send(joined('call', present('A')), aborted('call', present('B')));
    expect(world.states('call')).toBe('A joined, B joining');
    world.send(leave('call', 'A'));
    expect(world.state('call')).toBe('ended: failed, hangup');
  });

  it('stays once given', () => {
    const world = talking();
    const { talkAt } = world.call('call');
    world.send(left('call', present('B')), joined('call', present('B', 'B-s2', world.now)));
    expect(world.call('call').talkAt).toBe(talkAt);
  });
});
