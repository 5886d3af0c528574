// What the caller learns of whether a phone rings: that there is a way to it, and that it does.
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/calls/view.ts';
import {
  accept,
  alerting,
  createWorld,
  decline,
  end,
  invite,
  leave,
  place,
  RULES,
  tick,
  uid,
  type World,
} from './world.ts';

const RING_MS = RULES.ringMs + RULES.answerGraceMs;

const ringing = (to: readonly string[] = ['B']): World => {
  const world = createWorld();
  world.send(place('call', 'A', to));
  return world;
};

const view = (world: World, who: string) =>
  viewOf(world.call('call'), uid(who), { now: world.now, showsNames: 'always' });

/** Of whom this person reads that his phone rings. */
const alertingFor = (world: World, who: string): readonly string[] =>
  view(world, who)
    .parties.filter(({ isAlerting }) => isAlerting)
    .map((party) => party.uid);

describe('the word of a phone that it rings', () => {
  it('is news to the caller alone', () => {
    const world = ringing(['B', 'C']);
    world.now += 1_200;
    expect(world.send(alerting('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.last.seenBy).toEqual({ A: 'alerting' });
    expect(world.party('call', 'B')).toMatchObject({ state: 'ringing', alertedAt: world.now });
    expect(['A', 'B', 'C'].map((who) => alertingFor(world, who))).toEqual([['B'], [], []]);
  });

  it('counts of the first of somebody’s phones', () => {
    const world = ringing();
    world.send(alerting('call', 'B'));
    const first = world.party('call', 'B').alertedAt;
    world.now += 500;
    expect(world.send(alerting('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
    expect(world.party('call', 'B').alertedAt).toBe(first);
  });

  it('counts of each callee, and in the answer grace too', () => {
    const world = ringing(['B', 'C']);
    world.send(alerting('call', 'B'));
    world.now += RULES.ringMs + 1;
    world.send(alerting('call', 'C'));
    expect(alertingFor(world, 'A')).toEqual(['B', 'C']);
  });

  it.each<[string, (world: World) => unknown]>([
    ['he has answered', (world) => world.send(accept('call', 'B'))],
    ['he has declined', (world) => world.send(decline('call', 'B'))],
    ['he has left', (world) => world.send(accept('call', 'B'), leave('call', 'B'))],
    ['the caller has left', (world) => world.send(leave('call', 'A'))],
    ['it is over for all', (world) => world.send(end('call'))],
  ])('changes nothing once his ring is over, and is no error: %s', (_, finish) => {
    const world = ringing(['B', 'C']);
    finish(world);
    expect(world.send(alerting('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
    expect(world.party('call', 'B').alertedAt).toBeUndefined();
  });

  it('comes after the deadlines that had passed', () => {
    const world = ringing();
    world.now += RING_MS;
    expect(world.send(alerting('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.state('call')).toBe('ended: missed, ring_timeout');
    expect(world.party('call', 'B').alertedAt).toBeUndefined();
  });

  it('finds nothing where the call is not his, or is hidden from him', () => {
    const world = ringing(['B', '~C']);
    for (const who of ['X', 'C']) {
      expect(world.send(alerting('call', who))).toEqual({ refused: 'not_found' });
    }
    expect(world.send(alerting('none', 'B'))).toEqual({ refused: 'not_found' });
  });

  it('changes nothing of the caller, who does not ring', () => {
    const world = ringing();
    world.send(alerting('call', 'A'));
    expect(world.last.changed).toEqual([]);
  });

  it('is no longer seen once he does not ring, and counts anew where he is rung anew', () => {
    const world = ringing(['B', 'C']);
    world.send(alerting('call', 'B'), alerting('call', 'C'), accept('call', 'B'));
    expect(alertingFor(world, 'A')).toEqual(['C']);
    world.send(decline('call', 'C'));
    expect(alertingFor(world, 'A')).toEqual([]);
    world.send(invite('call', 'B', ['C']));
    expect(alertingFor(world, 'A')).toEqual([]);
    world.send(alerting('call', 'C'));
    expect(world.last.seenBy).toEqual({ A: 'alerting' });
    expect(alertingFor(world, 'A')).toEqual(['C']);
  });
});

describe('to how many of those who ring there is a way', () => {
  const reachFor = (world: World, who: string): number | undefined => view(world, who).reach;

  it('is for the caller’s eyes alone, and counts nobody’s phones', () => {
    const world = createWorld();
    world.reach.set('B', 2).set('C', 1);
    world.send(place('call', 'A', ['B', 'C']));
    expect(['A', 'B', 'C'].map((who) => reachFor(world, who))).toEqual([2, undefined, undefined]);
  });

  it('is 0 where nobody can hear of it, and the call rings as usual', () => {
    const world = createWorld();
    world.reach.set('B', 0);
    world.send(place('call', 'A', ['B']));
    expect(view(world, 'A')).toMatchObject({ state: 'ringing', reach: 0 });
  });

  it('is the same for a callee from whom it is hidden', () => {
    const [hidden, open] = [createWorld(), createWorld()];
    for (const world of [hidden, open]) world.reach.set('B', 2);
    hidden.send(place('call', 'A', ['~B']));
    open.send(place('call', 'A', ['B']));
    expect(view(hidden, 'A')).toEqual(view(open, 'A'));
    expect(reachFor(hidden, 'A')).toBe(1);
  });

  it('counts those alone who ring: neither who is busy nor who has declined', () => {
    const world = createWorld();
    world.reach.set('B', 1).set('C', 10).set('D', 100);
    world.send(place('other', 'D', ['Z']), place('call', 'A', ['B', 'C', 'D']));
    expect(reachFor(world, 'A')).toBe(2);
    world.send(decline('call', 'B'));
    expect(reachFor(world, 'A')).toBe(1);
  });

  it('is said as long as the call rings', () => {
    const world = createWorld();
    world.reach.set('B', 1).set('C', 1);
    world.send(place('call', 'A', ['B', 'C']), accept('call', 'B'));
    expect(view(world, 'A')).not.toHaveProperty('reach');
    world.now += RING_MS;
    world.send(tick('call'));
    expect(view(world, 'A')).not.toHaveProperty('reach');
  });

  it('is looked at anew for each ring', () => {
    const world = createWorld();
    world.reach.set('B', 0).set('C', 1);
    world.send(place('call', 'A', ['B', 'C']));
    expect(reachFor(world, 'A')).toBe(1);
    world.send(decline('call', 'B'));
    world.reach.set('B', 3);
    world.send(invite('call', 'A', ['B']));
    expect(reachFor(world, 'A')).toBe(2);
    world.send(decline('call', 'B'));
    world.reach.delete('B');
    world.send(invite('call', 'A', ['B']));
    expect(reachFor(world, 'A')).toBe(1);
  });

  it('is not said where the store does not say it', () => {
    expect(view(ringing(), 'A')).not.toHaveProperty('reach');
  });
});
