import { describe, expect, it } from 'vitest';
import {
  accept,
  createWorld,
  decline,
  end,
  joined,
  leave,
  place,
  present,
  RULES,
  tick,
  type World,
} from './world.ts';

const ringing = (): World => {
  const world = createWorld();
  world.send(place('call', 'A', ['B']));
  return world;
};

describe('place', () => {
  it('rings the callee and seats the caller', () => {
    const world = ringing();
    expect(world.states('call')).toBe('A joining, B ringing');
    expect(world.call('call')).toMatchObject({
      state: 'ringing',
      isGroup: false,
      heard: 'nothing',
    });
    expect(world.party('call', 'A')).toMatchObject({
      role: 'caller',
      device: 'A1',
      seatedAt: world.now,
    });
    expect(world.party('call', 'B').ringEndsAt).toBe(world.now + RULES.ringMs);
    expect(world.timers('call')).toEqual({ 'ring:B': 55_000, watch: 20_000 });
    expect(world.last).toMatchObject({
      seenBy: { A: 'ringing', B: 'ringing' },
      effects: [{ type: 'create_room' }],
    });
  });

  it('of several is a group', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B', 'C']));
    expect(world.call('call').isGroup).toBe(true);
  });

  it('with the same id and body again is the same call, and never rings twice', () => {
    const world = ringing();
    world.send(accept('call', 'B'));
    expect(world.send(place('call', 'A', ['B']))).toEqual({ callId: 'call', created: false });
    expect(world.last).toMatchObject({ changed: [], effects: [] });
    world.send(leave('call', 'B'));
    expect(world.send(place('call', 'A', ['B']))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
  });

  it.each([
    ['another body', place('call', 'A', ['C'])],
    ['another person', place('call', 'C', ['B'])],
    ['the callee', place('call', 'B', ['A'])],
  ])('with the same id and %s is refused', (_, again) => {
    const world = ringing();
    expect(world.send(again)).toEqual({ refused: 'call_id_taken' });
    expect(world.last.changed).toEqual([]);
  });

  it('of more people than a call may have is refused', () => {
    const world = createWorld();
    expect(world.send(place('call', 'A', ['B', 'C', 'D', 'E']))).toEqual({ refused: 'call_full' });
    expect(world.last.changed).toEqual([]);
  });

  it('while seated in another call, on another device, is refused with that call', () => {
    const world = ringing();
    const verdict = world.send(place('next', 'A', ['C'], 'A2'));
    expect(verdict).toEqual({ refused: 'in_another_call', callId: 'call' });
    expect(world.last.changed).toEqual([]);
  });

  it('by the device that holds the seat of another call ends that seat first', () => {
    const world = ringing();
    expect(world.send(place('next', 'A', ['C']))).toEqual({ callId: 'next', created: true });
    expect(world.state('call')).toBe('ended: cancelled, replaced');
    expect(world.party('call', 'A')).toMatchObject({ state: 'left', reason: 'replaced' });
    expect(world.states('next')).toBe('A joining, C ringing');
  });

  it('by that device may ring the same person once more', () => {
    const world = ringing();
    world.send(accept('call', 'B'), joined('call', present('A')), joined('call', present('B')));
    expect(world.send(place('next', 'A', ['B']))).toEqual({ callId: 'next', created: true });
    expect(world.state('call')).toBe('ended: answered, replaced');
    expect(world.states('next')).toBe('A joining, B ringing');
  });

  it('rings again whoever is being rung: a ring is no seat', () => {
    const world = ringing();
    world.send(place('other', 'C', ['B']));
    expect(world.states('other')).toBe('C joining, B ringing');
  });
});

describe('a ring of somebody who sits in another call', () => {
  it('is busy at once, and he has missed it', () => {
    const world = ringing();
    expect(world.send(place('other', 'C', ['A']))).toEqual({ callId: 'other', created: true });
    expect(world.state('other')).toBe('ended: busy, busy');
    expect(world.states('other')).toBe('C left, A busy');
    expect(world.last).toMatchObject({ seenBy: { C: 'ended', A: 'missed' }, effects: [] });
  });

  it('is busy for him alone where others are rung too', () => {
    const world = ringing();
    world.send(place('other', 'C', ['A', 'D']));
    expect(world.states('other')).toBe('C joining, A busy, D ringing');
    expect(world.last.seenBy).toEqual({ C: 'ringing', A: 'missed', D: 'ringing' });
  });

  it('rings where his seat is over by a deadline that nobody has noticed', () => {
    const world = ringing();
    world.now += 55_000;
    world.send(place('other', 'C', ['A']));
    expect(world.states('other')).toBe('C joining, A ringing');
    expect(world.state('call')).toBe('ended: missed, ring_timeout');
  });

  it('doubts a seat that is older than 30 s', () => {
    const world = ringing();
    world.send(accept('call', 'B'));
    world.now += 30_000;
    world.send(place('other', 'C', ['B']));
    expect(world.last.doubts).toEqual([]);
    world.now += 1;
    world.send(place('third', 'D', ['B']));
    expect(world.last.doubts).toEqual([{ callId: 'call', room: 'call_call', uid: 'B' }]);
  });

  it('does not doubt a caller who was never in the room while it rings', () => {
    const world = ringing();
    world.now += 31_000;
    world.send(place('other', 'C', ['A']));
    expect(world.last.doubts).toEqual([]);
    expect(world.sweep('call', [], 'A')).toEqual({ callId: 'call', created: false });
    expect(world.states('call')).toBe('A joining, B ringing');
  });
});

describe('glare', () => {
  it('is one call: whoever comes second has accepted the first', () => {
    const world = ringing();
    expect(world.send(place('other', 'B', ['A']))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual(['call']);
    expect(world.states('call')).toBe('A joining, B joining');
    expect(world.state('call')).toBe('active');
    expect(world.party('call', 'B').device).toBe('B1');
  });

  it('is answered with the same call again when its answer was lost', () => {
    const world = ringing();
    world.send(place('other', 'B', ['A']));
    expect(world.send(place('other', 'B', ['A']))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
  });

  it('counts in the answer grace too', () => {
    const world = ringing();
    world.now += RULES.ringMs + RULES.answerGraceMs - 1;
    expect(world.send(place('other', 'B', ['A']))).toEqual({ callId: 'call', created: false });
  });

  it('is none where more than two are concerned', () => {
    const world = ringing();
    expect(world.send(place('other', 'B', ['A', 'C']))).toEqual({ callId: 'other', created: true });
    expect(world.states('other')).toBe('B joining, A busy, C ringing');
    const group = createWorld();
    group.send(place('call', 'A', ['B', 'C']));
    expect(group.send(place('other', 'B', ['A']))).toEqual({ callId: 'other', created: true });
    expect(group.state('other')).toBe('ended: busy, busy');
  });

  it('is none with a ring that is kept from him, or that he has declined', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['~B']));
    world.send(place('other', 'B', ['A']));
    expect(world.state('other')).toBe('ended: busy, busy');
    expect(world.states('call')).toBe('A joining, B ringing');
  });

  it('ends the seat that this device holds elsewhere, and is refused to one that another holds', () => {
    const world = createWorld();
    world.send(place('own', 'B', ['C']), accept('own', 'C'), place('call', 'A', ['B']));
    // B sits elsewhere: A's call was busy. So A rings first, then B sits down.
    world.send(place('call2', 'A', ['D']), leave('call2', 'A'));
    const first = createWorld();
    first.send(place('call', 'A', ['B']), place('own', 'B', ['C'], 'B2'));
    expect(first.send(place('other', 'B', ['A']))).toEqual({
      refused: 'in_another_call',
      callId: 'own',
    });
    expect(first.send(place('other', 'B', ['A'], 'B2'))).toEqual({
      callId: 'call',
      created: false,
    });
    expect(first.state('own')).toBe('ended: cancelled, replaced');
    expect(first.state('call')).toBe('active');
  });
});

describe('a ring that is kept from somebody', () => {
  const hidden = (): World => {
    const world = createWorld();
    world.send(place('call', 'A', ['~B']));
    return world;
  };

  it('is an ordinary one for the caller, and a missed call', () => {
    const world = hidden();
    expect(world.last.seenBy).toEqual({ A: 'ringing' });
    expect(world.states('call')).toBe('A joining, B ringing');
    world.now += 55_000;
    world.send(tick('call'));
    expect(world.state('call')).toBe('ended: missed, ring_timeout');
    expect(world.last.seenBy).toEqual({ A: 'ended' });
  });

  it('does not say that he is in another call', () => {
    const world = createWorld();
    world.send(place('own', 'B', ['C']), place('call', 'A', ['~B']));
    expect(world.states('call')).toBe('A joining, B ringing');
  });

  it.each([accept('call', 'B'), decline('call', 'B'), leave('call', 'B'), end('call', 'B')])(
    'does not exist for him: $type',
    (event) => {
      const world = hidden();
      expect(world.send(event)).toEqual({ refused: 'not_found' });
      expect(world.last.changed).toEqual([]);
    },
  );

  it('keeps him out of the room', () => {
    const world = hidden();
    world.send(joined('call', present('B')));
    expect(world.last.effects).toEqual([{ type: 'remove_participant', identity: 'B' }]);
    world.sweep('call', [present('B')]);
    expect(world.last.effects).toEqual([{ type: 'remove_participant', identity: 'B' }]);
  });
});

it('a retry by whoever was lost since gives him the whole grace to come by the new token', () => {
  const world = createWorld();
  world.send(place('call', 'A', ['B']), accept('call', 'B'));
  world.now += 19_000;
  world.send(place('call', 'A', ['B']));
  expect(world.timers('call')).toMatchObject({ 'grace:A': 20_000, 'grace:B': 1_000 });
});

it('a retry by the phone from which the call was taken gives no time to come by a token', () => {
  const world = createWorld();
  world.send(place('call', 'A', ['B']), accept('call', 'B'));
  world.send(accept('call', 'A', 'A2', { takeOver: true }));
  world.now += 19_000;
  expect(world.send(place('call', 'A', ['B']))).toEqual({ callId: 'call', created: false });
  expect(world.last.changed).toEqual([]);
});

describe('rings without an answer', () => {
  it('are refused from the sixth on, and write nothing', () => {
    const world = createWorld();
    world.rings.set('A>B', 4);
    world.send(place('call', 'A', ['B']), leave('call', 'A'));
    world.rings.set('A>B', 5);
    expect(world.send(place('next', 'A', ['C', 'B']))).toEqual({
      ...{ refused: 'ring_limited', againInMs: 540_000 },
    });
    expect(world.last.changed).toEqual([]);
    expect(world.send(place('next', 'A', ['C']))).toEqual({ callId: 'next', created: true });
  });

  it('do not end the seat of the device that asked', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['C']));
    world.rings.set('A>B', 5);
    world.send(place('next', 'A', ['B']));
    expect(world.states('call')).toBe('A joining, C ringing');
  });

  it('do not count against answering the one who calls', () => {
    const world = createWorld();
    world.rings.set('B>A', 9);
    world.send(place('call', 'A', ['B']));
    expect(world.send(place('other', 'B', ['A']))).toEqual({ callId: 'call', created: false });
  });
});
