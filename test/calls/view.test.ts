import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import { canSee, historyEntryOf, viewOf } from '../../src/calls/view.ts';
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
  STARTED_AT,
  tick,
  uid,
  type World,
} from './world.ts';

const view = (world: World, who: string, showsNames: 'always' | 'answered' = 'always') =>
  viewOf(world.call('call'), uid(who), { now: world.now, showsNames });

const ringing = (to: readonly string[] = ['B']): World => {
  const world = createWorld();
  world.send(place('call', 'A', to));
  return world;
};

const withNames = (call: Call): Call => ({
  ...call,
  parties: call.parties.map((party) => ({
    ...party,
    name: `Name of ${party.uid}`,
    picture: `https://example.com/${party.uid}`,
  })),
});

describe('a call as JSON', () => {
  it('while it rings', () => {
    const world = ringing();
    expect(view(world, 'B')).toEqual({
      id: 'call',
      version: 0,
      kind: 'audio',
      isGroup: false,
      state: 'ringing',
      createdAt: '2026-11-01T12:00:00.000Z',
      caller: 'A',
      me: { role: 'callee', state: 'ringing', ringSeconds: 45 },
      parties: [
        { uid: 'A', role: 'caller', state: 'joining' },
        { uid: 'B', role: 'callee', state: 'ringing' },
      ],
    });
    expect(view(world, 'A').me).toEqual({ role: 'caller', state: 'joining', device: 'A1' });
  });

  it('once it has ended', () => {
    const world = ringing();
    world.now += 1_234;
    world.send(accept('call', 'B'));
    for (const who of ['A', 'B']) {
      world.send(joined('call', present(who, `${who}-s1`, STARTED_AT + 3_000)));
    }
    world.now += 61_999;
    world.send(leave('call', 'A'));
    expect(view(world, 'B')).toMatchObject({
      state: 'ended',
      outcome: 'answered',
      reason: 'hangup',
      activeAt: '2026-11-01T12:00:01.234Z',
      endedAt: '2026-11-01T12:01:03.233Z',
      talkSeconds: 61,
      me: { role: 'callee', state: 'left', device: 'B1', reason: 'hangup' },
    });
  });

  it('says nothing of how long they talked where nobody knows that they did', () => {
    const world = ringing();
    world.send(accept('call', 'B'));
    world.now += 60_000;
    world.send(leave('call', 'A'));
    expect(view(world, 'A')).toMatchObject({ outcome: 'answered', reason: 'hangup' });
    expect(view(world, 'A')).not.toHaveProperty('talkSeconds');
  });

  it('tells who has missed it nothing of how long the others talked', () => {
    const world = ringing(['B', 'C']);
    world.send(accept('call', 'B'));
    world.send(joined('call', present('A')), joined('call', present('B')));
    world.now += 60_000;
    world.send(tick('call'), leave('call', 'A'), leave('call', 'B'));
    expect(view(world, 'C')).toMatchObject({ state: 'ended', outcome: 'missed' });
    expect(['A', 'B', 'C'].map((who) => view(world, who).talkSeconds)).toEqual([
      ...[60, 60, undefined],
    ]);
  });

  it('has what the host gave along, as it was', () => {
    const world = createWorld();
    const data = '{"ticket":[1,null]}';
    world.send({ ...place('call', 'A', ['B']), context: 'chat-7', data } as never);
    expect(view(world, 'B')).toMatchObject({ context: 'chat-7', data: { ticket: [1, null] } });
    const nothing = createWorld();
    nothing.send({ ...place('call', 'A', ['B']), data: 'null' } as never);
    expect(view(nothing, 'B')).toHaveProperty('data', null);
  });

  it('says for how long to ring, rounded up, and 0 in the answer grace', () => {
    const world = ringing();
    const seconds = (ms: number) => {
      world.now = STARTED_AT + ms;
      return view(world, 'B').me.ringSeconds;
    };
    expect([0, 1, 1_000, 44_999, 45_000, 54_999].map(seconds)).toEqual([45, 45, 44, 1, 0, 0]);
    world.send(decline('call', 'B'));
    expect(view(world, 'B').me).not.toHaveProperty('ringSeconds');
  });

  it('says on which device it was answered, and forgets that where it rings again', () => {
    const world = ringing(['B', 'C']);
    world.send(accept('call', 'B'), accept('call', 'C'), leave('call', 'B'));
    expect(view(world, 'B').me.device).toBe('B1');
    world.send(invite('call', 'A', ['B']));
    expect(view(world, 'B').me).toEqual({ role: 'callee', state: 'ringing', ringSeconds: 45 });
  });

  it('exists for its people, and for none from whom it is hidden', () => {
    const world = ringing(['B', '~C']);
    const call = world.call('call');
    expect(['A', 'B', 'C', 'X'].map((who) => canSee(call, who))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    for (const who of ['C', 'X']) expect(() => view(world, who)).toThrow(TypeError);
  });

  it('shows a hidden callee as any other', () => {
    const hidden = ringing(['~B']);
    const open = ringing(['B']);
    for (const world of [hidden, open]) {
      world.now += 55_000;
      world.send(tick('call'));
    }
    expect(view(hidden, 'A')).toEqual(view(open, 'A'));
    expect(JSON.stringify(view(hidden, 'A'))).not.toContain('idden');
  });
});

describe('names and pictures', () => {
  const shown = (world: World, who: string, showsNames: 'always' | 'answered') =>
    viewOf(withNames(world.call('call')), uid(who), { now: world.now, showsNames })
      .parties.filter(({ name, picture }) => name !== undefined && picture !== undefined)
      .map((party) => party.uid);

  it('are everybody’s where only members ring each other', () => {
    expect(shown(ringing(), 'A', 'always')).toEqual(['A', 'B']);
  });

  it('of a callee are seen by others once he has answered, where anybody may ring', () => {
    const world = ringing(['B', 'C']);
    expect(shown(world, 'A', 'answered')).toEqual(['A']);
    expect(shown(world, 'B', 'answered')).toEqual(['A', 'B']);
    world.send(accept('call', 'B'), decline('call', 'C'));
    expect(shown(world, 'A', 'answered')).toEqual(['A', 'B']);
    world.send(leave('call', 'B'));
    expect(shown(world, 'A', 'answered')).toEqual(['A', 'B']);
  });
});

describe('what became of it is each one’s own', () => {
  const became = (world: World, who: string) => {
    const { outcome, reason } = view(world, who);
    return `${outcome}, ${reason}`;
  };

  it('who missed a call that others answered has missed it', () => {
    const world = ringing(['B', 'C', 'D']);
    world.send(accept('call', 'B'), decline('call', 'D'));
    world.now += RULES.ringMs + RULES.answerGraceMs;
    world.send(tick('call'));
    expect(view(world, 'C')).not.toHaveProperty('outcome');
    world.send(end('call', 'A'));
    expect(became(world, 'A')).toBe('answered, ended_for_all');
    expect(became(world, 'B')).toBe('answered, ended_for_all');
    expect(became(world, 'C')).toBe('missed, ring_timeout');
    expect(became(world, 'D')).toBe('declined, declined');
  });

  it('who was in another call has missed it, busy', () => {
    const world = createWorld();
    world.send(place('own', 'B', ['C']), place('call', 'A', ['B']));
    expect(became(world, 'A')).toBe('busy, busy');
    expect(became(world, 'B')).toBe('missed, busy');
  });

  it('who still rang when the others were through has missed it', () => {
    const world = ringing(['B', 'C']);
    world.send(accept('call', 'B'), end('call', 'A'));
    expect(became(world, 'C')).toBe('missed, ended_for_all');
  });

  it('a call that was cancelled is cancelled for all', () => {
    const world = ringing();
    world.send(leave('call', 'A'));
    expect(became(world, 'A')).toBe('cancelled, hangup');
    expect(became(world, 'B')).toBe('cancelled, hangup');
  });

  it('has a direction in a history', () => {
    const world = ringing();
    const sight = { now: world.now, showsNames: 'always' } as const;
    const call = world.call('call');
    expect(historyEntryOf(call, uid('A'), sight).direction).toBe('outgoing');
    expect(historyEntryOf(call, uid('B'), sight)).toEqual({
      ...viewOf(call, uid('B'), sight),
      direction: 'incoming',
    });
  });
});
