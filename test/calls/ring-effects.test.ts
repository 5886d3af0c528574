import { describe, expect, it } from 'vitest';
import {
  accept,
  alerting,
  by,
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
  tick,
  type World,
} from './world.ts';

const RING_MS = RULES.ringMs + RULES.answerGraceMs;

const quiet = (maxCallMs = RULES.maxCallMs): World =>
  createWorld({ ...RULES, maxCallMs, pushes: true });

const ringing = (to: readonly string[] = ['B']): World => {
  const world = quiet();
  world.send(place('call', 'A', to));
  return world;
};

const ringOn = (world: World): void => {
  world.now += RING_MS;
  world.send(tick('call'));
};

/** What the last event told phones: `ring B`, or the cause of an end with all that is known of it. */
const pushes = (world: World): readonly unknown[] =>
  world.last.effects.flatMap((effect): unknown[] => {
    if (effect.type === 'ring') return [`ring ${effect.uid}`];
    if (effect.type !== 'stop_ring') return [];
    const { type: _, ringAt: __, uid, ...stop } = effect;
    return [{ [uid]: stop }];
  });

describe('phones ring', () => {
  it('when a call is placed, each callee', () => {
    expect(pushes(ringing(['B', 'C']))).toEqual(['ring B', 'ring C']);
  });

  it('not where nobody could push', () => {
    const world = createWorld();
    world.send(place('call', 'A', ['B']));
    expect(world.last.effects).toEqual([{ type: 'create_room' }]);
    world.send(leave('call', 'A'));
    expect(world.last.effects).toEqual([{ type: 'delete_room' }]);
  });

  it('never of who sits in another call', () => {
    const world = quiet();
    world.send(place('other', 'B', ['C']), place('call', 'A', ['B', 'D']));
    expect(pushes(world)).toEqual(['ring D']);
    world.send(place('another', 'E', ['B']));
    expect(world.last.effects).toEqual([]);
  });

  it('once: a retry of the place, and an invite of somebody who rings, ring nobody', () => {
    const world = ringing();
    world.send(place('call', 'A', ['B']));
    expect(pushes(world)).toEqual([]);
    world.send(invite('call', 'A', ['B']));
    expect(pushes(world)).toEqual([]);
  });

  it('when somebody is invited, his alone', () => {
    const world = ringing();
    world.send(accept('call', 'B'), invite('call', 'B', ['C', 'D']));
    expect(pushes(world)).toEqual(['ring C', 'ring D']);
  });

  it.each([
    ['declined', (world: World) => void world.send(decline('call', 'C'))],
    ['missed it', ringOn],
    ['left it', (world: World) => void world.send(accept('call', 'C'), leave('call', 'C'))],
  ])('again, of who has %s and is invited anew', (_, goOut) => {
    const world = ringing(['B', 'C']);
    world.send(accept('call', 'B'));
    goOut(world);
    world.send(invite('call', 'A', ['C']));
    expect(pushes(world)).toEqual(['ring C']);
  });

  it('anew, and nothing stops, where a ring is over as he is invited again', () => {
    const world = ringing(['B', 'C']);
    world.send(accept('call', 'B'));
    const { createdAt } = world.party('call', 'C');
    world.now += RING_MS;
    world.send(invite('call', 'A', ['C']));
    expect(pushes(world)).toEqual(['ring C']);
    expect(world.party('call', 'C').createdAt).toBeGreaterThan(createdAt);
  });

  it('as another ring each time, at the same moment too', () => {
    const world = ringing(['B', 'C']);
    const { createdAt } = world.party('call', 'C');
    world.send(decline('call', 'C'), invite('call', 'A', ['C']));
    expect(world.party('call', 'C').createdAt).toBe(createdAt + 1);
  });

  it('not by what changes nothing of the ring', () => {
    const world = ringing();
    for (const event of [
      alerting('call', 'B'),
      joined('call', present('A')),
      joined('call', present('B')),
      left('call', present('A')),
      decline('call', 'B', 'timeout'),
      tick('call'),
    ]) {
      world.send(event);
      expect(pushes(world)).toEqual([]);
    }
  });
});

describe('a ring that is kept from somebody', () => {
  it.each([
    ['over', ringOn],
    ['cancelled', (world: World) => void world.send(leave('call', 'A'))],
    ['ended by the host', (world: World) => void world.send(end('call'))],
  ])('rings no phone and stops none: %s', (_, finish) => {
    const world = ringing(['~B']);
    expect(pushes(world)).toEqual([]);
    finish(world);
    expect(world.state('call')).toContain('ended');
    expect(pushes(world)).toEqual([]);
  });

  it('rings his phones once an invite shows it to him, and ends like any other', () => {
    const world = ringing(['C', '~B']);
    world.send(accept('call', 'C'), invite('call', 'C', ['B']));
    expect(pushes(world)).toEqual(['ring B']);
    world.send(decline('call', 'B'));
    expect(pushes(world)).toEqual([{ B: { cause: 'declined_elsewhere' } }]);
  });

  it('rings his phones too where he had missed it before', () => {
    const world = ringing(['C', '~B']);
    world.send(accept('call', 'C'));
    world.now += RING_MS;
    world.send(tick('call'));
    expect(pushes(world)).toEqual([]);
    world.send(invite('call', 'C', ['B']));
    expect(pushes(world)).toEqual(['ring B']);
  });
});

describe('a ring ends', () => {
  it('answered elsewhere: with the device that has the call, and the phone that knows', () => {
    const world = ringing();
    world.send(by('phone', accept('call', 'B', 'B2')));
    expect(pushes(world)).toEqual([
      { B: { cause: 'answered_elsewhere', device: 'B2', installation: 'phone' } },
    ]);
  });

  it('answered elsewhere: without a phone where a tab has answered', () => {
    const world = ringing();
    world.send(accept('call', 'B'));
    expect(pushes(world)).toEqual([{ B: { cause: 'answered_elsewhere', device: 'B1' } }]);
  });

  it('answered elsewhere, once: not by the same device again, nor by a take-over', () => {
    const world = ringing();
    world.send(accept('call', 'B'), accept('call', 'B'));
    expect(pushes(world)).toEqual([]);
    world.send(by('phone', accept('call', 'B', 'B2', { takeOver: true })));
    expect(world.party('call', 'B').device).toBe('B2');
    expect(pushes(world)).toEqual([]);
  });

  it('answered elsewhere: where both have called each other', () => {
    const world = ringing();
    world.send(place('other', 'B', ['A'], 'B7'));
    expect(world.state('call')).toBe('active');
    expect(pushes(world)).toEqual([{ B: { cause: 'answered_elsewhere', device: 'B7' } }]);
  });

  it('answered elsewhere: where both have called each other, but not the phone that calls', () => {
    const world = ringing();
    world.send(by('phone', place('other', 'B', ['A'], 'B7')));
    expect(pushes(world)).toEqual([
      { B: { cause: 'answered_elsewhere', device: 'B7', installation: 'phone' } },
    ]);
  });

  it('answered elsewhere: and the call that was left for it stops ringing those it rang', () => {
    const world = ringing();
    world.send(place('mine', 'B', ['C']));
    world.send(by('phone', accept('call', 'B', 'B1', { instead: 'mine' })));
    expect(pushes(world)).toEqual([
      { B: { cause: 'answered_elsewhere', device: 'B1', installation: 'phone' } },
      { C: { cause: 'cancelled' } },
    ]);
  });

  it('answered elsewhere: by an accept in the answer grace', () => {
    const world = ringing();
    world.now += RULES.ringMs + 1;
    world.send(accept('call', 'B'));
    expect(pushes(world)).toEqual([{ B: { cause: 'answered_elsewhere', device: 'B1' } }]);
  });

  it('of a group, for the one who answers: the others ring on', () => {
    const world = ringing(['B', 'C', 'D']);
    world.send(accept('call', 'C'));
    expect(pushes(world)).toEqual([{ C: { cause: 'answered_elsewhere', device: 'C1' } }]);
    expect(world.states('call')).toBe('A joining, B ringing, C joining, D ringing');
  });

  it.each([
    ['declined', by('phone', decline('call', 'B'))],
    ['busy', by('phone', decline('call', 'B', 'busy'))],
    ['left', by('phone', leave('call', 'B'))],
    ['ended', by('phone', end('call', 'B'))],
  ])('declined elsewhere, without the phone that did it: %s', (_, event) => {
    const world = ringing();
    world.send(event);
    expect(pushes(world)).toEqual([{ B: { cause: 'declined_elsewhere', installation: 'phone' } }]);
  });

  it('declined elsewhere: by an end of who is rung, without a phone where nobody knows it', () => {
    const world = ringing();
    world.send(end('call', 'B'));
    expect(pushes(world)).toEqual([{ B: { cause: 'declined_elsewhere' } }]);
  });

  it('declined elsewhere: of a group, for him alone', () => {
    const world = ringing(['B', 'C']);
    world.send(decline('call', 'B'));
    expect(pushes(world)).toEqual([{ B: { cause: 'declined_elsewhere' } }]);
  });

  it('over: when it has rung for as long as it may, and as long as an answer counts', () => {
    const world = ringing(['B', 'C']);
    world.now += RING_MS - 1;
    world.send(tick('call'));
    expect(pushes(world)).toEqual([]);
    world.now += 1;
    world.send(tick('call'));
    expect(pushes(world)).toEqual([{ B: { cause: 'over' } }, { C: { cause: 'over' } }]);
  });

  it('over: whatever comes too late for it, and whoever did that is told as well', () => {
    for (const event of [
      by('phone', accept('call', 'B')),
      by('phone', decline('call', 'B')),
      by('phone', decline('call', 'B', 'busy')),
      by('phone', leave('call', 'B')),
      leave('call', 'A'),
      alerting('call', 'B'),
    ]) {
      const world = ringing();
      world.now += RING_MS;
      world.send(event);
      expect(pushes(world)).toEqual([{ B: { cause: 'over' } }]);
    }
  });

  it('over: of who sits in another call by the time he is invited again', () => {
    const world = ringing(['B', 'C']);
    world.send(accept('call', 'B'), place('other', 'C', ['D']), accept('other', 'D'));
    world.now += RING_MS;
    world.send(invite('call', 'A', ['C']));
    expect(world.party('call', 'C').state).toBe('busy');
    expect(pushes(world)).toContainEqual({ C: { cause: 'over' } });
  });

  it('cancelled: the caller leaves', () => {
    const world = ringing(['B', 'C']);
    world.send(by('phone of A', leave('call', 'A')));
    expect(pushes(world)).toEqual([{ B: { cause: 'cancelled' } }, { C: { cause: 'cancelled' } }]);
  });

  it.each([
    ['the caller ends it', (world: World) => void world.send(end('call', 'A'))],
    ['the host ends it', (world: World) => void world.send(end('call'))],
    ['the caller places another one', (world: World) => void world.send(place('next', 'A', ['C']))],
    [
      'the caller is lost',
      (world: World) => {
        world.send(joined('call', present('A')), left('call', present('A')));
        world.now += RULES.reconnectGraceMs;
        world.sweep('call', []);
      },
    ],
  ])('cancelled: %s', (_, cancel) => {
    const world = ringing();
    cancel(world);
    expect(pushes(world)).toContainEqual({ B: { cause: 'cancelled' } });
  });

  it('as it is placed where he is busy: there was none, and nothing stops', () => {
    const world = quiet();
    world.send(place('other', 'B', ['C']), place('call', 'A', ['B']));
    expect(world.state('call')).toBe('ended: busy, busy');
    expect(world.last.effects).toEqual([]);
  });
});

describe('a ring in a call that others talk in ends with the call', () => {
  const talking = (maxCallMs?: number): World => {
    const world = quiet(maxCallMs);
    world.send(place('call', 'A', ['B', 'C']), accept('call', 'B'));
    return world;
  };

  it.each([
    ['the caller ends it for all', (world: World) => void world.send(end('call', 'A'))],
    ['the host ends it', (world: World) => void world.send(end('call'))],
    ['all have left', (world: World) => void world.send(leave('call', 'A'), leave('call', 'B'))],
  ])('ended: %s', (_, finish) => {
    const world = talking();
    finish(world);
    expect(world.state('call')).toContain('ended: answered');
    expect(pushes(world)).toEqual([{ C: { cause: 'ended' } }]);
  });

  it('ended: it has lasted as long as it may', () => {
    const world = talking(10_000);
    world.now += 10_000;
    world.send(tick('call'));
    expect(world.state('call')).toBe('ended: answered, max_duration');
    expect(pushes(world)).toEqual([{ C: { cause: 'ended' } }]);
  });

  it('ended: where it had lasted as long as it may before its ring was over', () => {
    const world = talking(10_000);
    world.now += RING_MS;
    world.send(tick('call'));
    expect(pushes(world)).toEqual([{ C: { cause: 'ended' } }]);
  });

  it('over: where its ring was over first, and nothing more as the call ends', () => {
    const world = talking();
    world.now += RING_MS;
    world.send(end('call', 'A'));
    expect(pushes(world)).toEqual([{ C: { cause: 'over' } }]);
  });
});
