import fc from 'fast-check';
import {
  AccessToken,
  RoomConfiguration,
  TokenVerifier,
  TrackSource,
  type VideoGrant,
} from 'livekit-server-sdk';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { faultOfLiveKitName, type RoomName } from '../../src/base/ids.ts';
import type { RoomPermissions } from '../../src/base/permissions.ts';
import { type User, userFromClaims } from '../../src/base/user.ts';
import type { CallRules } from '../../src/calls/call.ts';
import { roomConfigOf } from '../../src/calls/room-config.ts';
import { createTokenMint } from '../../src/tokens/livekit-token.ts';

const API_KEY = 'devkey';
const API_SECRET = 'secret-that-is-at-least-32-characters-long';
const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0);
const NOW = NOW_MS / 1000;

fc.configureGlobal({ seed: 20_261_122 });
// The SDK asks the process what time it is.
vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
afterAll(() => vi.useRealTimers());

const KEYS = { apiKey: API_KEY, apiSecret: API_SECRET };
const RULES: CallRules = {
  ringMs: 45_000,
  answerGraceMs: 10_000,
  reconnectGraceMs: 20_000,
  aloneMs: 60_000,
  maxCallMs: 14_400_000,
  maxParticipants: 32,
};
const mint = createTokenMint({ ...KEYS, ttlSeconds: 600 });
const alice = userFromClaims('alice', {});
const named = (name: string) => userFromClaims('alice', { name });
const pictured = (picture: string) => userFromClaims('alice', { picture });

interface Ask {
  user?: User;
  room?: string;
  permissions?: RoomPermissions;
}

const tokenFor = ({ user = alice, room = 'room-1', permissions = {} }: Ask = {}) =>
  mint({ user, roomName: room as RoomName, permissions }, NOW_MS).token;

/** The claims, as LiveKit's own SDK reads and believes them. */
const claimsFor = (ask?: Ask) => new TokenVerifier(API_KEY, API_SECRET).verify(tokenFor(ask));

/** The claims that the SDK's own AccessToken makes. */
async function sdkClaims(grant: VideoGrant, { name, picture }: Partial<User> = {}) {
  const token = new AccessToken(API_KEY, API_SECRET, {
    identity: 'alice',
    ttl: 600,
    ...(name === undefined ? {} : { name }),
    ...(picture === undefined ? {} : { attributes: { picture } }),
  });
  token.addGrant(grant);
  return new TokenVerifier(API_KEY, API_SECRET).verify(await token.toJwt());
}

const EVERYTHING = { room: 'room-1', roomJoin: true, canPublish: true, canSubscribe: true };
const { MICROPHONE, CAMERA, SCREEN_SHARE, SCREEN_SHARE_AUDIO } = TrackSource;

describe('a LiveKit token says what the SDK would say', () => {
  const rows: { what: string; permissions: RoomPermissions; grant: VideoGrant }[] = [
    { what: 'without any narrowing', permissions: {}, grant: EVERYTHING },
    {
      what: 'where everything is allowed by name',
      permissions: { canPublish: true, canSubscribe: true },
      grant: EVERYTHING,
    },
    {
      what: 'with the microphone alone',
      permissions: { sources: ['microphone'] },
      grant: { ...EVERYTHING, canPublishSources: [MICROPHONE] },
    },
    {
      what: 'with every source by name',
      permissions: { sources: ['microphone', 'camera', 'screen_share', 'screen_share_audio'] },
      grant: {
        ...EVERYTHING,
        canPublishSources: [MICROPHONE, CAMERA, SCREEN_SHARE, SCREEN_SHARE_AUDIO],
      },
    },
    {
      what: 'with nothing to publish',
      permissions: { canPublish: false },
      grant: { ...EVERYTHING, canPublish: false },
    },
    {
      what: 'with an empty list of sources, which LiveKit would read as every source',
      permissions: { sources: [] },
      grant: { ...EVERYTHING, canPublish: false },
    },
    {
      what: 'with nothing to publish and yet a source',
      permissions: { canPublish: false, sources: ['camera'] },
      grant: { ...EVERYTHING, canPublish: false },
    },
    {
      what: 'with nobody to hear',
      permissions: { canSubscribe: false },
      grant: { ...EVERYTHING, canSubscribe: false },
    },
    {
      what: 'with data messages by name',
      permissions: { canPublishData: true },
      grant: { ...EVERYTHING, canPublishData: true },
    },
    {
      what: 'without data messages',
      permissions: { canPublishData: false },
      grant: { ...EVERYTHING, canPublishData: false },
    },
    {
      what: 'with data messages alone',
      permissions: { canPublish: false, canSubscribe: false, canPublishData: true },
      grant: { ...EVERYTHING, canPublish: false, canSubscribe: false, canPublishData: true },
    },
    {
      what: 'with one’s own metadata',
      permissions: { canUpdateOwnMetadata: true },
      grant: { ...EVERYTHING, canUpdateOwnMetadata: true },
    },
    {
      what: 'without one’s own metadata',
      permissions: { canUpdateOwnMetadata: false },
      grant: EVERYTHING,
    },
  ];

  it.each(rows)('$what', async ({ permissions, grant }) => {
    const { nbf: _, ...ours } = await claimsFor({ permissions });
    const { nbf: __, ...theirs } = await sdkClaims(grant);
    expect(ours).toEqual(theirs);
  });

  it('with name and picture of the user', async () => {
    const user = { name: 'Zoë 👩‍👩‍👧', picture: 'https://example.com/zoe.png' };
    const { nbf: _, ...ours } = await claimsFor({ user: userFromClaims('alice', user) });
    const { nbf: __, ...theirs } = await sdkClaims(EVERYTHING, user);
    expect(ours).toEqual(theirs);
  });

  it('with the settings of the room that it may be the first in', async () => {
    const roomConfig = roomConfigOf(RULES);
    const mint = createTokenMint({ ...KEYS, ttlSeconds: 600, roomConfig });
    const { token } = mint(
      { user: alice, roomName: 'room-1' as RoomName, permissions: {} },
      NOW_MS,
    );
    const ours = (await new TokenVerifier(API_KEY, API_SECRET).verify(token)).roomConfig;
    const theirs = new AccessToken(API_KEY, API_SECRET, { identity: 'alice' });
    theirs.roomConfig = new RoomConfiguration({ ...roomConfig });
    const read = await new TokenVerifier(API_KEY, API_SECRET).verify(await theirs.toJwt());
    // Strict: a field that LiveKit doesn't know throws.
    expect(
      RoomConfiguration.fromJson({ ...ours } as never).toJson({ emitDefaultValues: true }),
    ).toEqual(read.roomConfig);
    expect(Object.keys(ours ?? {}).sort()).toEqual(
      ['departureTimeout', 'emptyTimeout', 'maxParticipants'].sort(),
    );
  });

  it('and no more, whatever the ID token says', async () => {
    const user = userFromClaims('alice', {
      metadata: 'x',
      email: 'alice@example.com',
      video: { roomAdmin: true },
      attributes: { role: 'host' },
    });
    expect(Object.keys(await claimsFor({ user })).sort()).toEqual(
      ['exp', 'iss', 'nbf', 'sub', 'video'].sort(),
    );
  });
});

describe('a grant', () => {
  const ALLOWED = ['room', 'roomJoin', 'canPublish', 'canSubscribe'];
  const BY_THE_RULE = ['canPublishData', 'canPublishSources', 'canUpdateOwnMetadata'];
  const anySources = fc.uniqueArray(
    fc.constantFrom('microphone', 'camera', 'screen_share', 'screen_share_audio'),
  );
  const anyPermissions = fc.record(
    {
      canPublish: fc.boolean(),
      sources: anySources,
      canSubscribe: fc.boolean(),
      canPublishData: fc.boolean(),
      canUpdateOwnMetadata: fc.boolean(),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<RoomPermissions>;

  const grantOf = async (permissions: RoomPermissions) =>
    (await claimsFor({ permissions })).video as VideoGrant & Record<string, unknown>;

  it('never holds more than joining this one room', async () => {
    await fc.assert(
      fc.asyncProperty(anyPermissions, async (permissions) => {
        const grant = await grantOf(permissions);
        expect(grant).toMatchObject({ room: 'room-1', roomJoin: true });
        for (const name of Object.keys(grant)) expect([...ALLOWED, ...BY_THE_RULE]).toContain(name);
      }),
    );
  });

  it('never allows what was taken away', async () => {
    await fc.assert(
      fc.asyncProperty(anyPermissions, async (permissions) => {
        const grant = await grantOf(permissions);
        const { canPublish, sources, canSubscribe, canPublishData } = permissions;
        expect(grant.canPublish).toBe(canPublish !== false && sources?.length !== 0);
        expect(grant.canSubscribe).toBe(canSubscribe !== false);
        expect(grant.canPublishData).toBe(canPublishData);
        expect(grant.canUpdateOwnMetadata).toBe(permissions.canUpdateOwnMetadata || undefined);
        expect(grant.canPublishSources).toEqual(grant.canPublish ? sources : undefined);
      }),
    );
  });

  it('takes no power from a name that is no permission', async () => {
    const powers = ['roomCreate', 'roomAdmin', 'roomList', 'roomRecord', 'hidden', 'recorder'];
    const asked = Object.fromEntries(powers.map((power) => [power, true]));
    expect(await grantOf(asked)).toEqual(EVERYTHING);
  });

  it('leaves the permissions as they were, so that the same ask makes the same token', () => {
    const permissions = Object.freeze({ sources: Object.freeze(['microphone'] as const) });
    expect(tokenFor({ permissions })).toBe(tokenFor({ permissions }));
  });
});

describe('the times of a token', () => {
  it('begin a minute in the past, for phones whose clock is slow', async () => {
    expect((await claimsFor()).nbf).toBe(NOW - 60);
  });

  it.each([61, 600, 86_400])('end after the %s s that were asked for', (ttlSeconds) => {
    const mint = createTokenMint({ apiKey: API_KEY, apiSecret: API_SECRET, ttlSeconds });
    const ask = { user: alice, roomName: 'room-1' as RoomName, permissions: {} };
    const { token, expiresAt } = mint(ask, NOW_MS + 999);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
    expect(claims.exp).toBe(NOW + ttlSeconds);
    expect(expiresAt).toEqual(new Date((NOW + ttlSeconds) * 1000));
  });
});

describe('the signature', () => {
  it('does not pass for that of another secret', async () => {
    const other = new TokenVerifier(API_KEY, 'another-secret-of-at-least-32-characters');
    await expect(other.verify(tokenFor())).rejects.toThrow();
  });

  it('is made with the UTF-8 bytes of the secret, as in the SDK', async () => {
    const apiSecret = 'sécrét-of-at-least-32-characters-with-👩‍👩‍👧';
    const mint = createTokenMint({ apiKey: API_KEY, apiSecret, ttlSeconds: 600 });
    const ask = { user: alice, roomName: 'room-1' as RoomName, permissions: {} };
    const claims = await new TokenVerifier(API_KEY, apiSecret).verify(mint(ask, NOW_MS).token);
    expect(claims.sub).toBe('alice');
  });
});

describe('a room name', () => {
  it.each([
    'room 1',
    ' room ',
    'chats/42',
    '../../etc/passwd',
    '"quoted\\"',
    '__proto__',
    '王小明 👩‍👩‍👧',
    'e\u0301',
    '\u202eright to left',
  ])('is taken as it is: %j', async (room) => {
    expect((await claimsFor({ room })).video?.room).toBe(room);
  });

  it('comes through unchanged wherever LiveKit can carry it', async () => {
    const anyName = fc
      .array(fc.integer({ min: 0x20, max: 0x10ffff }), { maxLength: 60 })
      .map((points) => String.fromCodePoint(...points))
      .filter((name) => faultOfLiveKitName(name) === undefined);
    await fc.assert(
      fc.asyncProperty(anyName, async (room) => {
        expect((await claimsFor({ room })).video?.room).toBe(room);
      }),
    );
  });
});

describe('the name', () => {
  const nameOf = async (name: string) => (await claimsFor({ user: named(name) })).name;
  const FAMILY = '👩‍👩‍👧';
  const E_ACUTE = 'e\u0301';

  it.each([
    { what: '256 letters', name: 'x'.repeat(256), kept: 'x'.repeat(256) },
    { what: '257 letters', name: 'x'.repeat(257), kept: 'x'.repeat(256) },
    { what: '15 families of 18 bytes', name: FAMILY.repeat(15), kept: FAMILY.repeat(14) },
    { what: '86 letters with an accent', name: E_ACUTE.repeat(86), kept: E_ACUTE.repeat(85) },
    { what: 'a flag over the edge', name: `${'x'.repeat(250)}🇫🇷`, kept: 'x'.repeat(250) },
    { what: 'a thousand families', name: FAMILY.repeat(1000), kept: FAMILY.repeat(14) },
    { what: 'half a pair', name: 'Zo\ud83d', kept: 'Zo\ufffd' },
    { what: 'one letter under 200 marks', name: `e${'\u0301'.repeat(200)}`, kept: undefined },
  ])('of $what is kept as far as 256 bytes go', async ({ name, kept }) => {
    expect(await nameOf(name)).toBe(kept);
  });

  it('is cut between characters, and as late as can be', async () => {
    const characters = fc.constantFrom('x', 'é', E_ACUTE, '王', '🙂', FAMILY, '🇫🇷', 'ก็', '\ud83d');
    const anyName = fc.array(characters, { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(anyName, async (parts) => {
        const name = parts.join('').toWellFormed();
        const kept = (await nameOf(parts.join(''))) ?? '';
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(256);
        expect(name.startsWith(kept)).toBe(true);
        const whole = [...new Intl.Segmenter().segment(name)];
        const next = whole.find(({ index }) => index >= kept.length);
        expect(next?.index ?? name.length).toBe(kept.length);
        expect(Buffer.byteLength(kept + (next?.segment ?? 'x'.repeat(257)))).toBeGreaterThan(256);
      }),
    );
  });
});

describe('the picture', () => {
  const pictureOf = async (picture: string) => {
    const { attributes } = await claimsFor({ user: pictured(picture) });
    return attributes?.picture;
  };
  const ofBytes = (bytes: number) => 'https://example.com/'.padEnd(bytes, 'x');

  it.each([
    'https://example.com/alice.png',
    'HTTPS://example.com/alice.png',
    'https://example.com/ä.png?size=96#top',
    ofBytes(1024),
  ])('is given where it is an https address: %s', async (picture) => {
    expect(await pictureOf(picture)).toBe(picture);
  });

  it.each([
    'http://example.com/alice.png',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
    '//example.com/alice.png',
    '/alice.png',
    'alice',
    'https://',
    ofBytes(1025),
    `${ofBytes(1023)}é`,
  ])('is left out where it is not, or over 1,024 bytes: %s', async (picture) => {
    const { attributes } = await claimsFor({ user: pictured(picture) });
    expect(attributes).toBeUndefined();
  });
});
