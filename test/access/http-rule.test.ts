import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpRule, faultOfAccessUrl } from '../../src/access/http-rule.ts';
import { createRoomAccess } from '../../src/access/room-access.ts';
import { SwitchboardError } from '../../src/base/errors.ts';
import type { RoomName } from '../../src/base/ids.ts';
import { faultOfWebhookSecret } from '../../src/base/standard-webhooks.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { idTokenClaims } from '../fakes/firebase.ts';
import { type AccessEndpoint, startAccessEndpoint } from './access-endpoint.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const ALICE = userFromClaims('alice', { admin: true, email_verified: true });

let endpoint: AccessEndpoint;
let clock: FakeClock;

beforeEach(async () => {
  endpoint = await startAccessEndpoint();
  clock = createFakeClock();
});
afterEach(() => endpoint.close());

async function refusalOf(work: unknown): Promise<{ code: string; cause: unknown }> {
  const error = await Promise.resolve(work).catch((caught: unknown) => caught);
  if (error instanceof SwitchboardError) return { code: error.code, cause: error.cause };
  throw new Error(`no refusal: ${JSON.stringify(error)}`);
}

const accessAt = (url: string, secret = SECRET) =>
  createRoomAccess(createHttpRule({ url, secret, clock }), clock);
const ask = ({ user = ALICE, roomName = 'room-1', url = endpoint.url } = {}) =>
  accessAt(url)({ user, roomName: roomName as RoomName });
const asked = (count: number) => vi.waitFor(() => expect(endpoint.questions).toHaveLength(count));

describe('the question', () => {
  it('is one POST that holds the user as verified, and the room', async () => {
    const claims = idTokenClaims({
      role: 'host',
      firebase: { sign_in_provider: 'apple.com', tenant: 't1' },
    });
    await ask({ user: userFromClaims('alice', claims) });
    expect(endpoint.questions).toMatchObject([
      { method: 'POST', path: '/room-access', headers: { 'content-type': 'application/json' } },
    ]);
    expect(JSON.parse(endpoint.questions[0]?.text ?? '')).toEqual({
      uid: 'alice',
      roomName: 'room-1',
      user: {
        name: 'Alice Example',
        email: 'alice@example.com',
        emailVerified: true,
        signInProvider: 'apple.com',
        tenant: 't1',
        claims,
      },
    });
  });

  it('leaves out what the token does not say, and takes names as they are', async () => {
    const roomName = ' ../Zimmer "ä" \\ $& 🎈 ';
    await ask({ user: userFromClaims(' ü#1 ', {}), roomName });
    expect(JSON.parse(endpoint.questions[0]?.text ?? '')).toEqual({
      uid: ' ü#1 ',
      roomName,
      user: { emailVerified: false, claims: {} },
    });
  });

  it.each([
    ['with whsec_ in front', SECRET],
    ['in plain base64', SECRET.slice('whsec_'.length)],
    ['of 24 bytes', randomBytes(24).toString('base64')],
    ['of 64 bytes', `whsec_${randomBytes(64).toString('base64')}`],
  ])(
    'is signed so that the standardwebhooks package accepts it: a secret %s',
    async (_, secret) => {
      await accessAt(endpoint.url, secret)({ user: ALICE, roomName: 'é' as RoomName });
      const [question] = endpoint.questions;
      const headers = question?.headers as Record<string, string>;
      const text = question?.text ?? '';
      expect(new Webhook(secret).verify(text, headers)).toMatchObject({
        uid: 'alice',
        roomName: 'é',
      });

      const otherText = text.replace('alice', 'mallory');
      expect(() => new Webhook(secret).verify(otherText, headers)).toThrow('No matching signature');
      const otherKey = new Webhook(randomBytes(32).toString('base64'));
      expect(() => otherKey.verify(text, headers)).toThrow('No matching signature');
      const later = {
        ...headers,
        'webhook-timestamp': `${Number(headers['webhook-timestamp']) + 1}`,
      };
      expect(() => new Webhook(secret).verify(text, later)).toThrow('No matching signature');
    },
  );

  it('carries the time of the clock and an id of its own', async () => {
    await ask();
    clock.advance(90_000);
    await ask();
    const sent = endpoint.questions.map(({ headers }) => headers);
    expect(sent.map((headers) => Number(headers['webhook-timestamp']))).toEqual([
      Math.floor((clock.now() - 90_000) / 1000),
      Math.floor(clock.now() / 1000),
    ]);
    expect(new Set(sent.map((headers) => headers['webhook-id'])).size).toBe(2);
  });

  it('goes over a connection that is open already', async () => {
    for (let question = 0; question < 20; question += 1) await ask();
    endpoint.answerWith({ json: { allow: false } });
    for (let question = 0; question < 20; question += 1) await refusalOf(ask());
    expect(endpoint.questions).toHaveLength(40);
    // Two, where a question comes in the moment before the connection is free again.
    expect(endpoint.connections).toBeLessThanOrEqual(2);
  });

  it('is asked anew each time: no answer is kept', async () => {
    expect(await ask()).toEqual({ permissions: {} });
    endpoint.answerWith({ json: { allow: false } });
    expect(await refusalOf(ask())).toMatchObject({ code: 'room_forbidden' });
    endpoint.answerWith({ json: { allow: true } });
    expect(await ask()).toEqual({ permissions: {} });
  });
});

describe('the answer', () => {
  it.each([
    { answer: { allow: true }, permissions: {} },
    { answer: { allow: true, permissions: {} }, permissions: {} },
    {
      answer: {
        allow: true,
        permissions: { canPublish: true, sources: ['microphone'], canPublishData: false },
      },
      permissions: { canPublish: true, sources: ['microphone'], canPublishData: false },
    },
    {
      answer: { allow: true, permissions: { canPublish: false, canSubscribe: true } },
      permissions: { canPublish: false, canSubscribe: true },
    },
  ])('$answer is yes', async ({ answer, permissions }) => {
    endpoint.answerWith({ json: answer });
    expect(await ask()).toEqual({ permissions });
  });

  it('counts whatever type it is said to have, and with a byte order mark', async () => {
    endpoint.answerWith({
      headers: { 'content-type': 'text/plain' },
      text: '\uFEFF{"allow":true}',
    });
    expect(await ask()).toEqual({ permissions: {} });
  });

  it('{"allow": false} is no', async () => {
    endpoint.answerWith({ json: { allow: false } });
    expect(await refusalOf(ask())).toMatchObject({ code: 'room_forbidden' });
  });

  it.each<[string, unknown]>([
    ['true alone', true],
    ['false alone', false],
    ['null', null],
    ['a string', 'yes'],
    ['a list', [{ allow: true }]],
    ['nothing in it', {}],
    ['"true" for allow', { allow: 'true' }],
    ['1 for allow', { allow: 1 }],
    ['null for permissions', { allow: true, permissions: null }],
    ['a list for permissions', { allow: true, permissions: ['canPublish'] }],
    ['an unknown permission', { allow: true, permissions: { canRecord: false } }],
    ['an administrator', { allow: true, permissions: { roomAdmin: true } }],
    ['another room', { allow: true, permissions: { room: 'room-2' } }],
    ['an unknown source', { allow: true, permissions: { sources: ['screen'] } }],
    ['an unknown key', { allow: true, permission: { canPublish: false } }],
    ['a key that is no key', JSON.parse('{"allow": true, "__proto__": {"canPublish": false}}')],
  ])('is none with %s', async (_, json) => {
    endpoint.answerWith({ json });
    expect(await refusalOf(ask())).toMatchObject({ code: 'access_unavailable' });
  });

  it.each([
    ['500', { status: 500, text: '{"allow":true}' }, 'the access endpoint answered 500'],
    ['401', { status: 401, text: '{"error":"not signed"}' }, 'the access endpoint answered 401'],
    ['403', { status: 403, text: '{"allow":false}' }, 'the access endpoint answered 403'],
    ['201', { status: 201, text: '{"allow":true}' }, 'the access endpoint answered 201'],
    ['204', { status: 204, text: '' }, 'the access endpoint answered 204'],
    ['an empty text', { text: '' }, 'JSON'],
    ['a page', { headers: { 'content-type': 'text/html' }, text: '<html>sign in</html>' }, 'JSON'],
    ['half an answer', { text: '{"allow":tr' }, 'JSON'],
    ['64 KiB and a byte', { text: '{"allow":true}'.padEnd(65_537) }, 'longer than 65536 bytes'],
    ['megabytes', { text: '{"allow":true}'.padEnd(5_000_000) }, 'longer than 65536 bytes'],
  ])('is none with %s', async (_, answering, why) => {
    endpoint.answerWith(answering);
    const { code, cause } = await refusalOf(ask());
    expect(code).toBe('access_unavailable');
    expect((cause as Error).message).toContain(why);
  });

  it('of 64 KiB counts', async () => {
    endpoint.answerWith({ text: '{"allow":true}'.padEnd(65_536) });
    expect(await ask()).toEqual({ permissions: {} });
  });

  it.each([301, 302, 307, 308])(
    '%i leads nowhere: not one question goes to the other address',
    async (status) => {
      const other = await startAccessEndpoint();
      endpoint.answerWith({ status, headers: { location: other.url }, text: '' });
      expect(await refusalOf(ask())).toMatchObject({ code: 'access_unavailable' });
      expect(other.questions).toEqual([]);
      await other.close();
    },
  );
});

describe('a backend out of reach', () => {
  it.each(['refuse', 'hang', 'hang-halfway'] as const)(
    'is no permission: %s',
    async (answering) => {
      endpoint.answerWith(answering);
      const refusal = refusalOf(ask());
      await asked(1);
      clock.advance(2_000);
      expect(await refusal).toMatchObject({ code: 'access_unavailable' });
      // Nothing goes on for nobody.
      await vi.waitFor(async () => expect(await endpoint.open()).toBe(0));
    },
  );

  it('is no permission: an error without an end, which nobody waits for', async () => {
    endpoint.answerWith('endless-error');
    expect((await refusalOf(ask())).cause).toMatchObject({
      message: 'the access endpoint answered 500',
    });
    await vi.waitFor(async () => expect(await endpoint.open()).toBe(0));
  });

  it('is no permission: nobody listens', async () => {
    const gone = await startAccessEndpoint();
    await gone.close();
    expect(await refusalOf(ask({ url: gone.url }))).toMatchObject({ code: 'access_unavailable' });
  });

  it('has 2 s and not a moment more', async () => {
    endpoint.answerWith('hang');
    const refusal = refusalOf(ask());
    await asked(1);
    clock.advance(1_999);
    expect(clock.waiting()).toEqual([1]);
    clock.advance(1);
    expect((await refusal).cause).toMatchObject({ name: 'DeadlineError' });
  });

  it('is asked again as soon as it is back', async () => {
    endpoint.answerWith('hang');
    const refusal = refusalOf(ask());
    await asked(1);
    clock.advance(2_000);
    await refusal;
    endpoint.answerWith({ json: { allow: true } });
    expect(await ask()).toEqual({ permissions: {} });
  });
});

describe('a kept connection that ends just as it is used', () => {
  const ids = () => endpoint.questions.map(({ headers }) => headers['webhook-id']);

  it('is no outage: the same question goes out once more, over a new one', async () => {
    await ask();
    endpoint.answerWith('refuse-once');
    expect(await ask()).toEqual({ permissions: {} });
    expect(endpoint.connections).toBe(2);
    const [first, cutOff, again] = ids();
    expect([endpoint.questions.length, cutOff === first, cutOff === again]).toEqual([
      3,
      false,
      true,
    ]);
    // What is signed is the same: neither the time nor the body has changed.
    const signed = endpoint.questions.map(({ headers }) => headers['webhook-signature']);
    expect(signed[1]).toBe(signed[2]);
  });

  it('is one where the new one ends as well', async () => {
    await ask();
    endpoint.answerWith('refuse');
    expect(await refusalOf(ask())).toMatchObject({ code: 'access_unavailable' });
    expect(endpoint.questions).toHaveLength(3);
  });

  it('is told from a new one that ends, which nobody tries again', async () => {
    endpoint.answerWith('refuse');
    expect(await refusalOf(ask())).toMatchObject({ code: 'access_unavailable' });
    expect(endpoint.questions).toHaveLength(1);
  });
});

describe('the settings', () => {
  it.each([
    'https://backend.example.com/room-access',
    'http://10.0.0.7:4000/room-access?key=1',
    'http://localhost',
  ])('take the URL %s', (url) => {
    expect(faultOfAccessUrl(url)).toBeUndefined();
  });

  it.each([
    ['', 'must be a URL'],
    ['backend.example.com', 'must be a URL'],
    ['/room-access', 'must be a URL'],
    ['ftp://backend.example.com', 'must be a URL'],
    ['https://', 'must be a URL'],
    ['https://user:password@backend.example.com', 'must hold no user or password'],
    ['https://user@backend.example.com', 'must hold no user or password'],
  ])('refuse the URL %j', (url, fault) => {
    expect(faultOfAccessUrl(url)).toContain(fault);
    expect(() => createHttpRule({ url, secret: SECRET, clock })).toThrow(TypeError);
  });

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'whsec_'],
    ['23 bytes', randomBytes(23).toString('base64')],
    ['65 bytes', randomBytes(65).toString('base64')],
    ['text that is no base64', 'correct horse battery staple, and some more of it'],
    ['base64 for URLs', '_-'.repeat(16)],
    ['base64 with its end cut off', Buffer.alloc(32, 7).toString('base64').slice(0, -1)],
    ['base64 with a line break', `${Buffer.alloc(32, 7).toString('base64')}\n`],
    ['another prefix', SECRET.replace('whsec_', 'whpk_')],
  ])('refuse a secret of %s, and do not repeat it', (_, secret) => {
    const fault = faultOfWebhookSecret(secret);
    expect(fault).toContain('must be 24 to 64 random bytes in base64');
    if (secret.length > 10) expect(fault).not.toContain(secret);
    expect(() => createHttpRule({ url: endpoint.url, secret, clock })).toThrow(TypeError);
  });

  it('take a secret of 24 to 64 bytes', () => {
    for (const bytes of [24, 32, 64]) {
      const text = randomBytes(bytes).toString('base64');
      expect([text, `whsec_${text}`].map(faultOfWebhookSecret)).toEqual([undefined, undefined]);
    }
  });
});
