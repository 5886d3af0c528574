import { describe, expect, it } from 'vitest';
import {
  accept,
  createWorld,
  decline,
  end,
  invite,
  joined,
  leave,
  place,
  present,
  RULES,
  tick,
  uid,
  type World,
} from './world.ts';

const active = (to: readonly string[] = ['B']): World => {
  const world = createWorld();
  world.send(place('call', 'A', to));
  for (const who of to) world.send(accept('call', who));
  return world;
};
const talking = (to?: readonly string[]): World => {
  const world = active(to);
  for (const { uid } of world.call('call').parties) world.send(joined('call', present(uid)));
  return world;
};

describe('leave', () => {
  it.each(['A', 'B'])('of %s ends a one-to-one', (who) => {
    const world = talking();
    world.now += 90_000;
    world.send(leave('call', who));
    expect(world.state('call')).toBe('ended: answered, hangup');
    expect(world.states('call')).toBe('A left, B left');
    expect(world.party('call', who)).toMatchObject({ reason: 'hangup', leftAt: world.now });
    expect(world.last.seenBy).toEqual({ A: 'ended', B: 'ended' });
    expect(world.last.effects).toEqual([{ type: 'delete_room' }]);
    expect(world.timers('call')).toEqual({});
  });

  it('of a ring declines it, whatever the device', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']), leave('call', 'B', 'B7'));
    expect(world.state('call')).toBe('ended: declined, declined');
    expect(world.party('call', 'B')).toMatchObject({ state: 'declined', reason: 'declined' });
  });

  it('of a device that does not hold the seat gives up nothing', () => {
    const world = active();
    expect(world.send(leave('call', 'B', 'B2'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
    world.send(leave('call', 'B', 'B1'));
    expect(world.state('call')).toBe('ended: answered, hangup');
  });

  it('of the device that lost the seat to another gives up nothing', () => {
    const world = active();
    world.send(accept('call', 'B', 'B2', { takeOver: true }), leave('call', 'B', 'B1'));
    expect(world.state('call')).toBe('active');
  });

  it('of a caller by another device does not cancel his call', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']), leave('call', 'A', 'A2'));
    expect(world.state('call')).toBe('ringing');
  });

  it('again, and on a call that has ended, is answered and changes nothing', () => {
    const world = active(['B', 'C']);
    world.send(leave('call', 'B'));
    expect(world.send(leave('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
    world.send(end('call', 'A'));
    expect(world.send(leave('call', 'A'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
  });

  it('of a stranger finds nothing', () => {
    expect(active().send(leave('call', 'X'))).toEqual({ refused: 'not_found' });
    expect(active().send(leave('none', 'A'))).toEqual({ refused: 'not_found' });
  });

  it('of the last one ends a group, and those who still ring have been cancelled', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B', 'C']), accept('call', 'B'), leave('call', 'A'));
    expect(world.state('call')).toBe('active');
    world.send(leave('call', 'B'));
    expect(world.state('call')).toBe('ended: answered, hangup');
    expect(world.states('call')).toBe('A left, B left, C cancelled');
    expect(world.party('call', 'C').leftAt).toBeUndefined();
    expect(world.last.seenBy).toEqual({ A: 'ended', B: 'ended', C: 'cancelled' });
  });
});

describe('end', () => {
  it.each(['A', 'B'])('by %s ends a one-to-one for both', (who) => {
    const world = talking();
    world.send(end('call', who));
    expect(world.state('call')).toBe('ended: answered, ended_for_all');
  });

  it('by the caller ends a group for all, even after he has left it', () => {
    const world = talking(['B', 'C']);
    world.send(leave('call', 'A'), end('call', 'A'));
    expect(world.state('call')).toBe('ended: answered, ended_for_all');
    expect(world.party('call', 'A').reason).toBe('hangup');
    expect(world.party('call', 'B').reason).toBe('ended_for_all');
  });

  it('by another of a group is refused, though it was once a one-to-one', () => {
    const world = talking();
    world.send(invite('call', 'B', ['C']));
    expect(world.send(end('call', 'B'))).toEqual({ refused: 'not_caller' });
    expect(world.last.changed).toEqual([]);
  });

  it('by the caller while it rings cancels it; by the callee declines it', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']), end('call', 'A'));
    expect(world.state('call')).toBe('ended: cancelled, ended_for_all');
    world.send(place('next', 'A', ['B']), end('next', 'B'));
    expect(world.state('next')).toBe('ended: declined, declined');
  });

  it('by the host ends any call', () => {
    const world = talking(['B', 'C']);
    world.send(end('call'));
    expect(world.state('call')).toBe('ended: answered, ended_by_host_app');
    world.send(place('next', 'A', ['B']), end('next'));
    expect(world.state('next')).toBe('ended: cancelled, ended_by_host_app');
    expect(world.send(end('none'))).toEqual({ refused: 'not_found' });
  });

  it('of a call that has ended is answered with it; a stranger finds nothing', () => {
    const world = talking(['B', 'C']);
    world.send(end('call', 'A'));
    expect(world.send(end('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.send(end('call'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
    expect(world.send(end('call', 'X'))).toEqual({ refused: 'not_found' });
  });
});

describe('invite', () => {
  it('rings one more, and makes the call a group for good', () => {
    const world = talking();
    world.send(invite('call', 'B', ['C']));
    expect(world.states('call')).toBe('A joined, B joined, C ringing');
    expect(world.call('call').isGroup).toBe(true);
    expect(world.last.seenBy).toEqual({ A: 'invited', B: 'invited', C: 'ringing' });
    world.send(decline('call', 'C'), leave('call', 'A'));
    // One alone in a group is waited for.
    expect(world.state('call')).toBe('active');
  });

  it('is possible while it rings', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']), invite('call', 'A', ['C']), decline('call', 'B'));
    expect(world.states('call')).toBe('A joining, B declined, C ringing');
    expect(world.state('call')).toBe('ringing');
  });

  it('rings again who has declined, missed or left; not who rings or is there', () => {
    const world = talking(['B', 'C']);
    world.send(leave('call', 'C'));
    expect(world.send(invite('call', 'A', ['C', 'B', 'A']))).toEqual({
      callId: 'call',
      created: false,
    });
    expect(world.states('call')).toBe('A joined, B joined, C ringing');
    const { device, leftAt, reason } = world.party('call', 'C');
    expect([device, leftAt, reason]).toEqual([undefined, undefined, undefined]);
    world.send(invite('call', 'A', ['C', 'B']));
    expect(world.last.changed).toEqual([]);
  });

  it('of people who are all there leaves a one-to-one what it is', () => {
    const world = talking();
    world.send(invite('call', 'A', ['B']));
    expect(world.last.changed).toEqual([]);
    expect(world.call('call').isGroup).toBe(false);
  });

  it('is for whoever sits in the call', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B', 'C']));
    expect(world.send(invite('call', 'B', ['D']))).toEqual({ refused: 'not_caller' });
    expect(world.send(invite('call', 'X', ['D']))).toEqual({ refused: 'not_found' });
    expect(world.send(invite('none', 'X', ['D']))).toEqual({ refused: 'not_found' });
    world.send(end('call', 'A'));
    expect(world.send(invite('call', 'A', ['D']))).toEqual({ refused: 'call_ended' });
    expect(world.send(invite('call', 'X', ['D']))).toEqual({ refused: 'not_found' });
  });

  it('is refused whole where not all have a place', () => {
    const world = talking(['B', 'C']);
    expect(world.send(invite('call', 'A', ['D', 'E']))).toEqual({ refused: 'call_full' });
    expect(world.last.changed).toEqual([]);
    world.send(leave('call', 'B'), invite('call', 'A', ['D', 'E']));
    expect(world.states('call')).toBe('A joined, B left, C joined, D ringing, E ringing');
  });

  it('is over when five hundred people have been in it or were rung', () => {
    const world = talking();
    world.send(invite('call', 'A', ['P3']), decline('call', 'P3'));
    const call = world.call('call');
    const declined = world.party('call', 'P3');
    const others = Array.from({ length: 496 }, (_, at) => ({
      ...declined,
      uid: uid(`P${at + 4}`),
    }));
    world.adopt({ ...call, parties: [...call.parties, ...others] });
    world.send(invite('call', 'A', ['P500']), decline('call', 'P500'));
    expect(world.call('call').parties).toHaveLength(500);
    expect(world.send(invite('call', 'A', ['C']))).toEqual({ refused: 'call_full' });
    expect(world.send(invite('call', 'A', ['P3']))).toEqual({ callId: 'call', created: false });
  });

  it('is limited as a place is', () => {
    const world = talking();
    world.rings.set('B>C', 5);
    expect(world.send(invite('call', 'B', ['C']))).toEqual({
      ...{ refused: 'ring_limited', againInMs: 540_000 },
    });
    expect(world.call('call').isGroup).toBe(false);
    expect(world.send(invite('call', 'A', ['C']))).toEqual({ callId: 'call', created: false });
  });

  it('again and again is limited in one call too, whoever invites', () => {
    const world = talking();
    for (let ring = 1; ring <= 5; ring++) {
      world.send(invite('call', ring % 2 === 0 ? 'A' : 'B', ['C']), decline('call', 'C'));
      world.now += 1_000;
    }
    for (const who of ['A', 'B']) {
      expect(world.send(invite('call', who, ['C']))).toEqual({
        ...{ refused: 'ring_limited', againInMs: 599_000 },
      });
    }
    world.now += 599_000;
    world.send(invite('call', 'A', ['C']));
    expect([world.states('call'), world.party('call', 'C').rings]).toEqual([
      'A joined, B joined, C ringing',
      1,
    ]);
  });

  it('of somebody who answers is not limited, however often he goes', () => {
    const world = talking();
    for (let ring = 1; ring <= 9; ring++) {
      world.send(invite('call', 'A', ['C']), accept('call', 'C'), leave('call', 'C'));
    }
    expect(world.states('call')).toBe('A joined, B joined, C left');
    world.send(invite('call', 'A', ['C']));
    expect(world.party('call', 'C').rings).toBe(1);
  });

  it('of somebody who sits elsewhere: busy', () => {
    const world = talking();
    world.send(place('own', 'C', ['D']), invite('call', 'A', ['C']));
    expect(world.states('call')).toBe('A joined, B joined, C busy');
    expect(world.last.seenBy).toEqual({ A: 'invited', B: 'invited', C: 'missed' });
  });

  it('in silence shows the others an ordinary ring, and nothing to him', () => {
    const world = talking();
    world.send(invite('call', 'A', ['~C']));
    expect(world.states('call')).toBe('A joined, B joined, C ringing');
    expect(world.last.seenBy).toEqual({ A: 'invited', B: 'invited' });
  });

  it('by another may ring one from whom it was kept', () => {
    const world = talking();
    world.send(invite('call', 'A', ['~C']), invite('call', 'B', ['C']));
    expect(world.last.seenBy.C).toBe('ringing');
    world.send(accept('call', 'C'));
    expect(world.party('call', 'C').state).toBe('joining');
  });

  it('once he has missed it, too', () => {
    const world = talking();
    world.send(invite('call', 'A', ['~C']));
    world.now += 55_000;
    world.send(invite('call', 'B', ['C']));
    expect(world.party('call', 'C')).toMatchObject({ state: 'ringing', isHidden: false });
    expect(world.last.seenBy.C).toBe('ringing');
  });

  it('in silence once more keeps it from him still', () => {
    const world = talking();
    world.send(invite('call', 'A', ['~C']));
    world.now += 55_000;
    world.send(invite('call', 'A', ['~C']));
    expect(world.party('call', 'C')).toMatchObject({ state: 'ringing', isHidden: true });
    expect(world.last.seenBy).toEqual({ A: 'invited', B: 'invited' });
  });

  it('in silence does not take a call away from one who has been in it', () => {
    const world = talking(['B', 'C']);
    world.send(leave('call', 'C'), invite('call', 'A', ['~C']));
    expect(world.party('call', 'C')).toMatchObject({ state: 'left', isHidden: false });
  });
});

describe('one alone in a group', () => {
  it('is waited with for a while', () => {
    const world = talking(['B', 'C']);
    world.send(leave('call', 'B'), leave('call', 'C'));
    expect(world.timers('call').alone).toBe(RULES.aloneMs);
    world.now += RULES.aloneMs;
    world.send(tick('call'));
    expect(world.state('call')).toBe('ended: answered, alone');
  });

  it('is not alone as long as somebody rings, and then from the end of that ring', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B', 'C']), accept('call', 'B'), leave('call', 'B'));
    expect(world.timers('call').alone).toBeUndefined();
    world.now += 55_000 + 10_000;
    world.send(tick('call'));
    expect(world.timers('call').alone).toBe(RULES.aloneMs - 10_000);
  });

  it.each([
    ['invite', invite('call', 'A', ['D'])],
    ['a return', accept('call', 'B')],
  ])('is alone no longer by %s', (_, event) => {
    const world = talking(['B', 'C']);
    world.send(leave('call', 'B'), leave('call', 'C'), event);
    expect(world.timers('call').alone).toBeUndefined();
  });

  it('is alone though he invites somebody who is busy', () => {
    const world = talking(['B', 'C']);
    world.send(place('own', 'D', ['E']), leave('call', 'B'), leave('call', 'C'));
    world.now += 1_000;
    world.send(invite('call', 'A', ['D']));
    expect(world.timers('call').alone).toBe(RULES.aloneMs - 1_000);
  });
});

describe('deadlines that have passed', () => {
  it('count at their own time and in order, then the event', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B', 'C']), accept('call', 'B'), leave('call', 'B'));
    // C's ring is over at 55 s, A is alone from then on, and nobody looks for an hour.
    world.now += 3_600_000;
    const startedAt = world.call('call').createdAt;
    expect(world.send(accept('call', 'C'))).toEqual({ refused: 'call_ended' });
    expect(world.call('call').endedAt).toBe(startedAt + 55_000 + RULES.aloneMs);
    expect(world.state('call')).toBe('ended: answered, alone');
    expect(world.states('call')).toBe('A left, B left, C missed');
  });

  it('end a call at its greatest length', () => {
    const world = talking();
    world.now += RULES.maxCallMs + 5_000;
    world.send(leave('call', 'A'));
    expect(world.state('call')).toBe('ended: answered, max_duration');
    const { endedAt, activeAt = 0 } = world.call('call');
    expect(endedAt).toBe(activeAt + RULES.maxCallMs);
  });

  it('at the same moment count by their names, in whatever order they were read', () => {
    const world = talking();
    world.now += RULES.maxCallMs - RULES.ringMs - RULES.answerGraceMs;
    world.send(invite('call', 'A', ['C']));
    const call = world.call('call');
    world.now = call.timers.get('max') ?? 0;
    for (const timers of [[...call.timers], [...call.timers].reverse()]) {
      world.adopt({ ...call, timers: new Map(timers) });
      world.send(tick('call'));
      expect(world.states('call')).toBe('A left, B left, C cancelled');
    }
  });

  it('are not those that only ask', () => {
    const world = active();
    world.now += 10 * 60_000;
    world.send(tick('call'));
    expect(world.last.changed).toEqual([]);
    expect(world.states('call')).toBe('A joining, B joining');
  });

  it('of a ring: the phone has stopped before, the answer grace behind it', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    world.now += 54_999;
    world.send(tick('call'));
    expect(world.last.changed).toEqual([]);
    world.now += 1;
    world.send(tick('call'));
    expect(world.party('call', 'B')).toMatchObject({ state: 'missed', reason: 'ring_timeout' });
    expect(world.last.seenBy).toEqual({ A: 'ended', B: 'missed' });
  });

  it('of a call that nobody knows find nothing', () => {
    expect(createWorld().send(tick('none'))).toEqual({ refused: 'not_found' });
  });
});
