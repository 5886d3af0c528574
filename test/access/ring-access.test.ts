// Who may ring whom: everybody, members of one context, or as the host says.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpRule } from '../../src/access/http-rule.ts';
import {
  createRingAccess,
  type MayRing,
  type MayRingRequest,
  type MayRingVerdict,
} from '../../src/access/ring-access.ts';
import { type AuthorizeRoom, createRoomAccess } from '../../src/access/room-access.ts';
import { SwitchboardError } from '../../src/base/errors.ts';
import type { UserId } from '../../src/base/ids.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { type AccessEndpoint, startAccessEndpoint } from './access-endpoint.ts';

const ALICE = userFromClaims('alice', { admin: true });
const uids = (...names: string[]) => names as UserId[];
const RING: MayRingRequest = { caller: ALICE, callees: uids('bob', 'carol'), kind: 'audio' };

let clock: FakeClock;
beforeEach(() => {
  clock = createFakeClock();
});

/** Whom to ring by uid, `(bob)` in brackets where he is to learn nothing; or the code of the refusal. */
async function outcome(work: () => unknown): Promise<unknown> {
  try {
    const { callees } = (await work()) as MayRingVerdict;
    return callees.map(({ uid, isHidden }) => (isHidden ? `(${uid})` : uid));
  } catch (error) {
    if (error instanceof SwitchboardError) return error.code;
    throw error;
  }
}

it('any: everybody rings everybody, and names are told after an answer alone', async () => {
  const access = createRingAccess('any', clock);
  expect(await outcome(() => access.ask(RING))).toEqual(['bob', 'carol']);
  expect(access).toMatchObject({ needsContext: false, showsNames: 'answered' });
});

describe('context', () => {
  const by = (rule: AuthorizeRoom) =>
    createRingAccess({ context: createRoomAccess(rule, clock) }, clock);
  const inChat = { ...RING, context: 'chat-1' };
  const isMember: AuthorizeRoom = ({ user }) => ['alice', 'bob', 'carol'].includes(user.uid);

  it('lets members of a chat ring each other, and nobody else', async () => {
    expect(by(isMember)).toMatchObject({ needsContext: true, showsNames: 'always' });
    expect(await outcome(() => by(isMember).ask(inChat))).toEqual(['bob', 'carol']);
    const stranger = { ...inChat, callees: uids('bob', 'mallory') };
    expect(await outcome(() => by(isMember).ask(stranger))).toBe('ring_forbidden');
    const fromOutside = { ...inChat, caller: userFromClaims('mallory', {}) };
    expect(await outcome(() => by(isMember).ask(fromOutside))).toBe('ring_forbidden');
    expect(await outcome(() => by(isMember).ask(RING))).toBe('ring_forbidden');
  });

  it('asks about all side by side, and of a callee knows the uid alone', async () => {
    const asked: unknown[] = [];
    const waiting: (() => void)[] = [];
    const answer = outcome(() =>
      by(({ user, roomName, isCallee }) => {
        asked.push([user.uid, user.claims, roomName, isCallee]);
        const { promise, resolve } = Promise.withResolvers<boolean>();
        waiting.push(() => resolve(true));
        return promise;
      }).ask(inChat),
    );
    expect(asked).toEqual([
      ['alice', { admin: true }, 'chat-1', undefined],
      ['bob', {}, 'chat-1', true],
      ['carol', {}, 'chat-1', true],
    ]);
    for (const allow of waiting) allow();
    expect(await answer).toEqual(['bob', 'carol']);
  });

  it('hands on what is said of the caller, and of nobody else', async () => {
    const named: AuthorizeRoom = ({ user }) => ({
      allow: true,
      user: { profile: { name: user.uid.toUpperCase() } },
    });
    expect((await by(named).ask(inChat)).caller).toEqual({ name: 'ALICE' });
    expect((await by(isMember).ask(inChat)).caller).toEqual({});
  });

  it('is no permission where the rule cannot be asked, or takes 2 s', async () => {
    const broken: AuthorizeRoom = ({ user }) => {
      if (user.uid === 'bob') throw new Error('out of order');
      return true;
    };
    expect(await outcome(() => by(broken).ask(inChat))).toBe('access_unavailable');
    const late = outcome(() => by(() => new Promise(() => {})).ask(inChat));
    clock.advance(2_000);
    expect(await late).toBe('access_unavailable');
  });

  it('is a no as soon as one is a no, whatever else could not be asked', async () => {
    const halfBroken: AuthorizeRoom = ({ user }) => {
      if (user.uid === 'bob') throw new Error('out of order');
      return user.uid !== 'carol';
    };
    expect(await outcome(() => by(halfBroken).ask(inChat))).toBe('ring_forbidden');
  });

  describe('with ROOM_ACCESS=http', () => {
    let endpoint: AccessEndpoint;
    beforeEach(async () => {
      endpoint = await startAccessEndpoint();
    });
    afterEach(() => endpoint.close());

    it('sends a question without a user about a callee', async () => {
      const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
      await by(createHttpRule({ url: endpoint.url, secret, clock })).ask(inChat);
      const questions = endpoint.questions.map(({ text }) => JSON.parse(text));
      questions.sort((a, b) => (a.uid < b.uid ? -1 : 1));
      expect(questions).toEqual([
        {
          uid: 'alice',
          roomName: 'chat-1',
          user: { emailVerified: false, claims: { admin: true } },
        },
        { uid: 'bob', roomName: 'chat-1' },
        { uid: 'carol', roomName: 'chat-1' },
      ]);
    });
  });
});

describe('mayRing', () => {
  const by = (mayRing: unknown) =>
    outcome(() => createRingAccess({ mayRing: mayRing as MayRing }, clock).ask(RING));

  it.each<[string, unknown, unknown]>([
    ['yes', true, ['bob', 'carol']],
    ['no', false, 'ring_forbidden'],
    ['silence for all', 'silent', ['(bob)', '(carol)']],
    ['one word each', { bob: 'silent', carol: true }, ['(bob)', 'carol']],
    ['no for one', { bob: true, carol: false }, 'ring_forbidden'],
    ['nothing', undefined, 'access_unavailable'],
    ['a word for one alone', { bob: true }, 'access_unavailable'],
    ['a word of another language', 'yes', 'access_unavailable'],
    ['a list', [true, true], 'access_unavailable'],
    ['what it inherits', Object.create({ bob: true, carol: true }), 'access_unavailable'],
  ])('answers %s', async (_what, answer, expected) => {
    expect(await by(() => answer)).toEqual(expected);
    expect(await by(async () => answer)).toEqual(expected);
  });

  it('is told who calls whom, about what, and how', async () => {
    let asked: unknown;
    const mayRing: MayRing = (request) => {
      asked = request;
      return true;
    };
    await createRingAccess({ mayRing }, clock).ask({ ...RING, context: 'chat-1' });
    expect(asked).toEqual({ ...RING, context: 'chat-1' });
  });

  it('is no permission where it throws, rejects or takes 2 s, and is told to stop', async () => {
    const error = new Error('out of order');
    expect(await by(() => Promise.reject(error))).toBe('access_unavailable');
    expect(
      await by(() => {
        throw error;
      }),
    ).toBe('access_unavailable');
    let told: AbortSignal | undefined;
    const late = by((_request: unknown, signal: AbortSignal) => {
      told = signal;
      return new Promise(() => {});
    });
    clock.advance(2_000);
    expect(await late).toBe('access_unavailable');
    expect(told?.aborted).toBe(true);
  });

  it('refuses in the same words whoever it is', async () => {
    const refusal = (callees: UserId[], answer: boolean) =>
      Promise.resolve(
        createRingAccess({ mayRing: () => answer }, clock).ask({ ...RING, callees }),
      ).catch(({ message }: Error) => message);
    expect(await refusal(uids('bob'), false)).toBe(await refusal(uids('no-such-user'), false));
  });
});
