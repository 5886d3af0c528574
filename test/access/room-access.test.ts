import { describe, expect, it } from 'vitest';
import { type AuthorizeRoom, createRoomAccess } from '../../src/access/room-access.ts';
import { SwitchboardError } from '../../src/base/errors.ts';
import type { RoomName } from '../../src/base/ids.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createFakeClock } from '../fakes/clock.ts';

const REQUEST = { user: userFromClaims('alice', {}), roomName: 'room-1' as RoomName };

/** What he may there, or the code of the refusal. */
async function ask(rule: Parameters<typeof createRoomAccess>[0], clock = createFakeClock(0)) {
  try {
    return await createRoomAccess(rule, clock)(REQUEST);
  } catch (error) {
    if (error instanceof SwitchboardError) return error.code;
    throw error;
  }
}

/** A rule that answers this, whether or not it is an answer. */
const answering = (answer: unknown) => (() => answer) as AuthorizeRoom;
const failing = (failure: unknown) => () => Promise.reject(failure);

describe('the rules that come with Switchboard', () => {
  it('any lets every user in, with every permission', async () => {
    expect(await ask('any')).toEqual({ permissions: {} });
  });

  it('calls lets nobody in', async () => {
    expect(await ask('calls')).toBe('room_forbidden');
  });
});

describe("the host's rule", () => {
  it('is asked about this user and this room', async () => {
    const asked: unknown[] = [];
    await ask((request) => {
      asked.push(request);
      return true;
    });
    expect(asked).toEqual([REQUEST]);
  });

  it.each([
    { answer: true, permissions: {} },
    { answer: { allow: true }, permissions: {} },
    { answer: { allow: true, permissions: undefined }, permissions: {} },
    { answer: { allow: true, permissions: {} }, permissions: {} },
    {
      answer: { allow: true, permissions: { canPublish: false, canSubscribe: undefined } },
      permissions: { canPublish: false },
    },
    {
      answer: { allow: true, permissions: { sources: ['microphone'], canPublishData: true } },
      permissions: { sources: ['microphone'], canPublishData: true },
    },
    { answer: { allow: true, permissions: { sources: [] } }, permissions: { sources: [] } },
  ])('says yes with $answer', async ({ answer, permissions }) => {
    expect(await ask(answering(answer))).toEqual({ permissions });
    expect(await ask(answering(Promise.resolve(answer)))).toEqual({ permissions });
  });

  it.each([false, { allow: false }, { allow: false, permissions: { canPublish: true } }])(
    'says no with %j',
    async (answer) => {
      expect(await ask(answering(answer))).toBe('room_forbidden');
      expect(await ask(answering(Promise.resolve(answer)))).toBe('room_forbidden');
    },
  );

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['a string', 'true'],
    ['an empty string', ''],
    ['a list', [true]],
    ['a function', () => true],
    ['an object without allow', {}],
    ['a string for allow', { allow: 'true' }],
    ['a number for allow', { allow: 1 }],
    ['null for permissions', { allow: true, permissions: null }],
    ['a list for permissions', { allow: true, permissions: ['canPublish'] }],
    ['an empty list for permissions', { allow: true, permissions: [] }],
    ['a string for permissions', { allow: true, permissions: 'canPublish' }],
    ['a Map for permissions', { allow: true, permissions: new Map([['canPublish', false]]) }],
    ['a list with a hole for sources', { allow: true, permissions: { sources: new Array(1) } }],
    ['an unknown permission', { allow: true, permissions: { canUpdateMetadata: false } }],
    ['a power of LiveKit', { allow: true, permissions: { roomAdmin: true } }],
    ['a permission misspelt', { allow: true, permissions: { canpublish: false } }],
    ['a permission in the wrong place', { allow: true, canPublish: false }],
    ['permissions misspelt', { allow: true, permission: { canPublish: false } }],
    ['a string for a flag', { allow: true, permissions: { canPublish: 'false' } }],
    ['null for a flag', { allow: true, permissions: { canSubscribe: null } }],
    ['a string for sources', { allow: true, permissions: { sources: 'microphone' } }],
    ['an unknown source', { allow: true, permissions: { sources: ['microphone', 'speaker'] } }],
    ['a source in capitals', { allow: true, permissions: { sources: ['MICROPHONE'] } }],
  ])('is as if it could not be asked where it answers with %s', async (_, answer) => {
    expect(await ask(answering(answer))).toBe('access_unavailable');
    expect(await ask(answering(Promise.resolve(answer)))).toBe('access_unavailable');
  });

  it.each([
    ['an error', new Error('database down')],
    ['nothing', undefined],
    ['a refusal of another kind', new SwitchboardError('id_token_invalid', 'no')],
  ])('cannot be asked where it throws or rejects with %s', async (_, failure) => {
    expect(await ask(failing(failure))).toBe('access_unavailable');
    const throwing = () => {
      throw failure;
    };
    expect(await ask(throwing)).toBe('access_unavailable');
  });

  it.each<[string, unknown, object]>([
    [
      'name and picture',
      { profile: { name: 'Alice', picture: 'https://a' } },
      { name: 'Alice', picture: 'https://a' },
    ],
    ['a name to be cleaned', { profile: { name: ' Al\u202eice\n' } }, { name: 'Alice' }],
    ['a number in place of a name', { profile: { name: '+49 151 2345678' } }, {}],
    ['a name of another type', { profile: { name: 7, picture: null } }, {}],
    ['a profile of another type', { profile: 'Alice' }, {}],
  ])('may say by what name he calls: %s', async (_, user, profile) => {
    expect(await ask(answering({ allow: true, user }))).toEqual({ permissions: {}, profile });
  });

  it.each([
    null,
    'Alice',
    { name: 'Alice' },
    { profile: undefined },
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('trapped');
        },
      },
    ),
  ])('lets him in whatever it says of him', async (user) => {
    expect(await ask(answering({ allow: true, user }))).toEqual({ permissions: {} });
  });

  it('keeps its permissions as they were at the answer', async () => {
    const permissions = { sources: ['microphone' as 'microphone' | 'camera'] };
    const granted = await createRoomAccess(
      () => ({ allow: true, permissions }),
      createFakeClock(0),
    )(REQUEST);
    permissions.sources.push('camera');
    expect(granted).toEqual({ permissions: { sources: ['microphone'] } });
  });
});

describe("the host's rule, when it hangs,", () => {
  it('has 2 s to answer', async () => {
    const clock = createFakeClock(0);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const answer = ask(() => promise, clock);
    clock.advance(1_999);
    resolve(true);
    expect(await answer).toEqual({ permissions: {} });
    expect(clock.waiting()).toEqual([]);
  });

  it('is told by its signal that the time is over', async () => {
    const clock = createFakeClock(0);
    let signal: AbortSignal | undefined;
    const answer = ask((_request, given) => {
      signal = given;
      return new Promise(() => {});
    }, clock);
    clock.advance(1_999);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    expect(signal?.reason).toMatchObject({ name: 'DeadlineError' });
    expect(await answer).toBe('access_unavailable');
  });

  const trapped = () => {
    throw new Error('trapped');
  };
  it.each<[string, unknown]>([
    ['keys', new Proxy({ allow: true }, { ownKeys: trapped })],
    ['value', Object.defineProperty({}, 'allow', { get: trapped })],
    ['permissions', { allow: true, permissions: new Proxy({}, { getPrototypeOf: trapped }) }],
  ])('cannot be asked where a look at the %s of its answer throws', async (_, answer) => {
    expect(await ask(answering(answer))).toBe('access_unavailable');
  });

  it('cannot be asked after 2 s, whatever it says then', async () => {
    const clock = createFakeClock(0);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const answer = ask(() => promise, clock);
    clock.advance(2_000);
    resolve(true);
    expect(await answer).toBe('access_unavailable');
  });
});

describe('a refusal', () => {
  const refusalOf = (rule: AuthorizeRoom) =>
    Promise.resolve(createRoomAccess(rule, createFakeClock(0))(REQUEST)).catch(
      (error: unknown) => error,
    );

  it('has one sentence for every room', async () => {
    const refusal = await refusalOf(() => false);
    expect(refusal).toMatchObject({ message: 'Forbidden: You may not join this room.' });
  });

  it('of a rule that cannot be asked says when to try again, and why to the log alone', async () => {
    const cause = new Error('database down');
    expect(await refusalOf(failing(cause))).toMatchObject({
      message: 'Room access check is unavailable. Try again.',
      retryAfterSeconds: 5,
      cause,
    });
  });

  it('names the permission that nobody knows, in the log alone', async () => {
    const refusal = await refusalOf(answering({ allow: true, permissions: { canpublish: false } }));
    expect((refusal as SwitchboardError).cause).toEqual(
      new TypeError('unknown permission "canpublish"'),
    );
    expect((refusal as SwitchboardError).message).not.toContain('canpublish');
  });
});
