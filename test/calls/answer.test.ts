import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../src/calls/event.ts';
import {
  accept,
  createWorld,
  decline,
  end,
  joined,
  leave,
  left,
  place,
  present,
  RULES,
  tick,
  type World,
} from './world.ts';

const ringing = (to: readonly string[] = ['B']): World => {
  const world = createWorld();
  world.send(place('call', 'A', to));
  return world;
};

describe('accept', () => {
  it('makes the call active, and asks after both until they have come', () => {
    const world = ringing();
    world.now += 3_000;
    expect(world.send(accept('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.states('call')).toBe('A joining, B joining');
    expect(world.call('call')).toMatchObject({ state: 'active', activeAt: world.now });
    expect(world.party('call', 'B')).toMatchObject({ device: 'B1', answeredAt: world.now });
    expect(world.timers('call')).toEqual({
      'grace:A': 20_000,
      'grace:B': 20_000,
      max: RULES.maxCallMs,
      proof: 5_000,
      watch: 17_000,
    });
    expect(world.last.seenBy).toEqual({ A: 'accepted', B: 'answered_elsewhere' });
  });

  it('does not ask after a caller who is there, nor for proof where webhooks come', () => {
    const world = ringing();
    world.send(joined('call', present('A')), accept('call', 'B'));
    expect(Object.keys(world.timers('call'))).toEqual(['grace:B', 'max', 'watch']);
  });

  it('again from the same device changes nothing: its answer was lost', () => {
    const world = ringing();
    world.send(accept('call', 'B'));
    expect(world.send(accept('call', 'B'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
  });

  it('from another device is refused; the first has won', () => {
    const world = ringing();
    world.send(accept('call', 'B'));
    expect(world.send(accept('call', 'B', 'B2'))).toEqual({ refused: 'answered_elsewhere' });
    expect(world.last.changed).toEqual([]);
    expect(world.party('call', 'B').device).toBe('B1');
  });

  describe('of whoever has taken seats too often', () => {
    const often = (callId: string, who: string, own = `${who}1`, more = {}) =>
      ({ ...accept(callId, who, own, more), againInMs: 30_000 }) as CallEvent;
    const refused = { refused: 'rate_limited', againInMs: 30_000 };

    it('answers no ring and moves no seat', () => {
      const world = ringing();
      expect(world.send(often('call', 'B'))).toEqual(refused);
      expect(world.states('call')).toBe('A joining, B ringing');
      world.send(accept('call', 'B'));
      expect(world.send(often('call', 'B', 'B2', { takeOver: true }))).toEqual(refused);
      expect(world.party('call', 'B').device).toBe('B1');
    });

    it('leaves no other call for it', () => {
      const world = createWorld();
      world.send(place('one', 'A', ['B', 'C']), place('other', 'D', ['C', 'E']));
      world.send(accept('one', 'C'));
      expect(world.send(often('other', 'C', 'C1', { instead: 'one' }))).toEqual(refused);
      expect(world.last.changed).toEqual([]);
      expect(world.party('one', 'C').state).toBe('joining');
    });

    it('is answered where nothing changes: its answer was lost', () => {
      const world = ringing();
      world.send(accept('call', 'B'));
      expect(world.send(often('call', 'B'))).toEqual({ callId: 'call', created: false });
      expect(world.last.changed).toEqual([]);
    });

    it('hears first what would refuse him in any case', () => {
      const world = ringing();
      world.send(accept('call', 'B'));
      expect(world.send(often('call', 'B', 'B2'))).toEqual({ refused: 'answered_elsewhere' });
      world.send(end('call'));
      expect(world.send(often('call', 'B'))).toEqual({ refused: 'call_ended' });
    });
  });

  it('from another device that takes over moves the seat, and only he sees it', () => {
    const world = ringing();
    world.send(accept('call', 'B'), joined('call', present('B')));
    const verdict = world.send(accept('call', 'B', 'B2', { takeOver: true }));
    expect(verdict).toEqual({ callId: 'call', created: false });
    expect(world.party('call', 'B')).toMatchObject({ state: 'joined', device: 'B2' });
    expect(world.last.seenBy).toEqual({ B: 'answered_elsewhere' });
    // The old connection is closed by LiveKit itself.
    world.send(left('call', present('B'), 'DUPLICATE_IDENTITY'));
    expect(world.party('call', 'B').state).toBe('joined');
  });

  it.each([
    ['again from the same device', 'B1'],
    ['from another device that takes over', 'B2'],
  ])('%s gives the whole grace to come by the new token', (_which, own) => {
    const world = ringing();
    world.send(accept('call', 'B'), joined('call', present('A')), joined('call', present('B')));
    world.now += 60_000;
    world.send(left('call', present('B')));
    world.now += 19_000;
    world.send(accept('call', 'B', own, { takeOver: true }));
    world.now += 2_000;
    world.sweep('call', [present('A')]);
    expect(world.states('call')).toBe('A joined, B lost');
    expect(world.timers('call')['grace:B']).toBe(18_000);
  });

  it('lets a caller take over his own call', () => {
    const world = ringing();
    expect(world.send(accept('call', 'A', 'A2'))).toEqual({ refused: 'answered_elsewhere' });
    world.send(accept('call', 'A', 'A2', { takeOver: true }));
    expect(world.party('call', 'A').device).toBe('A2');
    expect(world.state('call')).toBe('ringing');
  });

  it('counts for the answer grace behind the end of the ring, and no longer', () => {
    const world = ringing();
    world.now += RULES.ringMs + RULES.answerGraceMs - 1;
    world.send(accept('call', 'B'));
    expect(world.state('call')).toBe('active');

    const late = ringing();
    late.now += RULES.ringMs + RULES.answerGraceMs;
    expect(late.send(accept('call', 'B'))).toEqual({ refused: 'call_ended' });
    // The deadline is written all the same.
    expect(late.state('call')).toBe('ended: missed, ring_timeout');
  });

  it('while seated in another call, on another device, is refused with that call', () => {
    const world = ringing();
    world.send(place('own', 'B', ['C'], 'B2'));
    expect(world.send(accept('call', 'B'))).toEqual({ refused: 'in_another_call', callId: 'own' });
    expect(world.last.changed).toEqual([]);
  });

  it('instead of that call leaves it and takes this one', () => {
    const world = ringing();
    world.send(place('own', 'B', ['C'], 'B2'), accept('own', 'C'));
    world.send(accept('call', 'B', 'B1', { instead: 'own' }));
    expect(world.state('own')).toBe('ended: answered, hangup');
    expect(world.state('call')).toBe('active');
    expect(world.last.changed.toSorted()).toEqual(['call', 'own']);
    expect(world.last.effects).toEqual([{ type: 'delete_room' }]);
  });

  it('instead of some other call than the one he sits in is refused', () => {
    const world = ringing();
    world.send(place('third', 'D', ['B']), place('own', 'B', ['C'], 'B2'));
    const verdict = world.send(accept('call', 'B', 'B1', { instead: 'third' }));
    expect(verdict).toEqual({ refused: 'in_another_call', callId: 'own' });
    expect(world.states('third')).toBe('D joining, B ringing');
  });

  it('instead of a call that he does not sit in leaves that one alone', () => {
    const world = ringing();
    world.send(place('third', 'D', ['B']), accept('call', 'B', 'B1', { instead: 'third' }));
    expect(world.states('third')).toBe('D joining, B ringing');
    expect(world.state('call')).toBe('active');
  });

  it('by the device that holds the seat of another call ends that seat first', () => {
    const world = ringing();
    world.send(place('own', 'B', ['C']));
    world.send(accept('call', 'B'));
    expect(world.state('own')).toBe('ended: cancelled, replaced');
    expect(world.state('call')).toBe('active');
  });

  it('is refused on a call that has ended', () => {
    const world = ringing();
    world.send(leave('call', 'A'));
    expect(world.send(accept('call', 'B'))).toEqual({ refused: 'call_ended' });
  });

  it('of a stranger finds nothing, live or ended, and so does an unknown call', () => {
    const world = ringing();
    expect(world.send(accept('call', 'X'))).toEqual({ refused: 'not_found' });
    world.send(leave('call', 'A'));
    expect(world.send(accept('call', 'X'))).toEqual({ refused: 'not_found' });
    expect(world.send(accept('none', 'X'))).toEqual({ refused: 'not_found' });
  });
});

describe('coming back', () => {
  const group = (): World => {
    const world = ringing(['B', 'C', 'D']);
    world.send(accept('call', 'B'), accept('call', 'C'));
    return world;
  };

  it('after a decline, while others talk', () => {
    const world = group();
    world.send(decline('call', 'D'));
    world.send(accept('call', 'D', 'D2'));
    expect(world.party('call', 'D')).toMatchObject({ state: 'joining', device: 'D2' });
    expect(world.party('call', 'D').reason).toBeUndefined();
    expect(world.last.seenBy.D).toBe('accepted');
  });

  it('after leaving, on any device; the caller too', () => {
    const world = group();
    world.send(leave('call', 'A'), leave('call', 'B'), accept('call', 'B', 'B2'));
    expect(world.party('call', 'B')).toMatchObject({ state: 'joining', device: 'B2' });
    expect(world.party('call', 'B').leftAt).toBeUndefined();
    world.send(accept('call', 'A'));
    expect(world.party('call', 'A').state).toBe('joining');
  });

  it('is no answer of the caller', () => {
    const world = group();
    world.send(leave('call', 'A'), accept('call', 'A'));
    expect(world.party('call', 'A').answeredAt).toBeUndefined();
  });

  it('is not possible before anybody has accepted', () => {
    const world = ringing(['B', 'C']);
    world.send(decline('call', 'B'));
    expect(world.send(accept('call', 'B'))).toEqual({ refused: 'call_ended' });
  });

  it('is not possible where no place is left', () => {
    const world = group();
    world.send(decline('call', 'D'));
    expect(world.send({ ...accept('call', 'D') })).toEqual({ callId: 'call', created: false });
    const full = createWorld({ ...RULES, maxParticipants: 3 });
    full.send(place('call', 'A', ['B', 'C']), accept('call', 'B'), decline('call', 'C'));
    const guest = {
      type: 'invite',
      callId: 'call',
      uid: 'A',
      callees: [{ uid: 'D', isHidden: false }],
    };
    full.send(guest as never);
    expect(full.send(accept('call', 'C'))).toEqual({ refused: 'call_full' });
  });
});

describe('decline', () => {
  it.each([
    ['declined', 'ended: declined, declined', 'declined'],
    ['busy', 'ended: busy, busy', 'busy'],
  ] as const)('with the reason %s ends a one-to-one: %s', (reason, state, party) => {
    const world = ringing();
    world.send(decline('call', 'B', reason));
    expect(world.state('call')).toBe(state);
    expect(world.party('call', 'B')).toMatchObject({ state: party, reason });
    expect(world.last.seenBy).toEqual({ A: 'ended', B: 'declined' });
    expect(world.last.effects).toEqual([{ type: 'delete_room' }]);
  });

  it('by time-out changes nothing: another phone may ring on', () => {
    const world = ringing();
    expect(world.send(decline('call', 'B', 'timeout'))).toEqual({ callId: 'call', created: false });
    expect(world.last.changed).toEqual([]);
  });

  it('of one leaves the others ringing', () => {
    const world = ringing(['B', 'C']);
    world.send(decline('call', 'B'));
    expect(world.states('call')).toBe('A joining, B declined, C ringing');
    expect(world.last.seenBy).toEqual({ A: 'declined', B: 'declined', C: 'declined' });
  });

  it('behind an accept changes nothing', () => {
    const world = ringing();
    world.send(accept('call', 'B'));
    world.send(decline('call', 'B'));
    expect(world.last.changed).toEqual([]);
  });

  it('of a stranger finds nothing', () => {
    expect(ringing().send(decline('call', 'X'))).toEqual({ refused: 'not_found' });
  });
});

describe('what became of a call that nobody accepted', () => {
  it.each([
    [['B missed', 'C declined', 'D busy'], 'missed, ring_timeout'],
    [['C declined', 'D busy'], 'declined, declined'],
    [['D busy'], 'busy, busy'],
  ] as const)('%j: %s', (who, became) => {
    const world = createWorld();
    world.send(place('else', 'D', ['E']));
    world.send(
      place(
        'call',
        'A',
        who.map((name) => name[0] as string),
      ),
    );
    if (who.some((name) => name === 'C declined')) world.send(decline('call', 'C'));
    world.now += RULES.ringMs + RULES.answerGraceMs;
    if (who.length > 1) world.send(tick('call'));
    expect(world.state('call')).toBe(`ended: ${became}`);
  });

  it.each(['A1', undefined])('the caller has hung up: cancelled', (device) => {
    const world = ringing(['B', 'C']);
    world.send(leave('call', 'A', device));
    expect(world.state('call')).toBe('ended: cancelled, hangup');
    expect(world.states('call')).toBe('A left, B cancelled, C cancelled');
    expect(world.last.seenBy).toEqual({ A: 'ended', B: 'cancelled', C: 'cancelled' });
  });
});
