import { SignJWT } from 'jose';
import { AccessToken, WebhookReceiver } from 'livekit-server-sdk';
import { describe, expect, it } from 'vitest';
import { participantIn } from '../../src/events/livekit-json.ts';
import { createWebhookVerifier, hashOf, roomEventIn } from '../../src/events/webhook.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { LIVEKIT_KEYS, signed } from '../fakes/livekit-api.ts';

const ROOM = 'call_0123456789abcdefghijkl';
const OLD_KEYS = { apiKey: 'old-key', apiSecret: 'old-secret-of-at-least-32-characters' };
const EVENT = { event: 'room_finished', room: { name: ROOM } };
const clock = createFakeClock();
const verifier = createWebhookVerifier({ keys: [LIVEKIT_KEYS, OLD_KEYS], clock });
const JOINED = {
  event: 'participant_joined',
  room: { name: ROOM },
  participant: {
    sid: 'PA_1',
    identity: 'alice',
    state: 'ACTIVE',
    joinedAt: '1795000000',
    joinedAtMs: '1795000000123',
  },
};
const present = { sid: 'PA_1', identity: 'alice', joinedAtMs: 1_795_000_000_123 };

const read = (event: object) => roomEventIn(Buffer.from(JSON.stringify(event)));

describe('the signature of a webhook', () => {
  it.each([
    ['the present pair', LIVEKIT_KEYS],
    ['the one before', OLD_KEYS],
  ])('is good with %s of a rotation', async (_which, keys) => {
    const { body, headers } = await signed(EVENT, keys, clock.now());
    const { authorization } = headers;
    expect(verifier.signedHash(authorization)).toEqual({ hash: hashOf(Buffer.from(body)) });
    // What stands in for LiveKit here is believed by LiveKit's own SDK.
    const receiver = new WebhookReceiver(keys.apiKey, keys.apiSecret);
    await expect(receiver.receive(body, authorization)).resolves.toMatchObject(EVENT);
  });

  const at = async (ms: number) =>
    verifier.signedHash(
      (await signed(EVENT, LIVEKIT_KEYS, clock.now() + ms)).headers.authorization,
    );
  const nobody = async () =>
    verifier.signedHash(
      (await signed(EVENT, { ...LIVEKIT_KEYS, apiSecret: 'x'.repeat(32) })).headers.authorization,
    );
  const byOther = async () =>
    verifier.signedHash(
      (await signed(EVENT, { ...LIVEKIT_KEYS, apiKey: 'old-key' })).headers.authorization,
    );
  const forNoBody = async () => {
    const { apiKey, apiSecret } = LIVEKIT_KEYS;
    return verifier.signedHash(await new AccessToken(apiKey, apiSecret).toJwt());
  };

  const forEver = () =>
    new SignJWT({ sha256: 'x' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(LIVEKIT_KEYS.apiKey)
      .sign(Buffer.from(LIVEKIT_KEYS.apiSecret))
      .then(verifier.signedHash);

  it.each([
    ['missing', async () => verifier.signedHash(undefined), 'no Authorization header came'],
    ['of another secret', nobody, 'none of our LiveKit keys has signed it'],
    ['of one pair under the name of the other', byOther, 'none of our LiveKit keys has signed it'],
    ['six minutes old', () => at(-361_000), 'its signature has expired'],
    ['of the future', () => at(62_000), 'its signature is of the future'],
    ['of no end', forEver, 'its signature has expired'],
    ['of a token for the room API', forNoBody, 'it is signed for no body'],
  ])('is not good where it is %s', async (_what, judge, fault) => {
    expect(await judge()).toEqual({ fault });
  });

  it('has a minute of leeway either way', async () => {
    expect(await at(-359_000)).toHaveProperty('hash');
    expect(await at(59_000)).toHaveProperty('hash');
  });
});

describe('a webhook says', () => {
  it('who has joined, by his session', () => {
    expect(read(JOINED)).toMatchObject({ type: 'joined', room: ROOM, present });
  });

  it('who has joined, where a LiveKit writes numbers for the words of its protocol', () => {
    const by = (kind: number) => ({ ...JOINED, participant: { ...JOINED.participant, kind } });
    expect(read(by(0))).toMatchObject({ type: 'joined', present });
    expect(read(by(2)), 'a recorder').toBeUndefined();
    expect(participantIn({ ...JOINED.participant, state: 2 })?.hasLeft).toBe(false);
    expect(participantIn({ ...JOINED.participant, state: 3 })?.hasLeft).toBe(true);
  });

  it('who has left, and why', () => {
    const participant = { ...JOINED.participant, disconnectReason: 'CLIENT_INITIATED' };
    const event = { ...JOINED, event: 'participant_left', participant };
    expect(read(event)).toEqual({
      type: 'left',
      room: ROOM,
      present,
      disconnectReason: 'CLIENT_INITIATED',
    });
  });

  it.each([undefined, 99])('who has left for a reason without a name: %s', (disconnectReason) => {
    const participant = { ...JOINED.participant, disconnectReason };
    const event = { ...JOINED, event: 'participant_left', participant };
    expect(read(event)).toMatchObject({ disconnectReason: 'UNKNOWN_REASON' });
  });

  it('who was gone before he was there', () => {
    const event = { ...JOINED, event: 'participant_connection_aborted' };
    expect(read(event)).toMatchObject({ type: 'aborted', present });
  });

  it('that a room is over', () => {
    expect(read(EVENT)).toEqual({ type: 'finished', room: ROOM });
  });

  it.each([
    ['of a room that is no call’s', { ...JOINED, room: { name: 'lobby' } }],
    ['of a room that only begins like a call’s', { ...JOINED, room: { name: 'call_me' } }],
    ['of no room', { ...JOINED, room: undefined }],
    ['of tracks', { ...JOINED, event: 'track_published' }],
    ['of a kind that there was not yet', { ...JOINED, event: 'participant_sang' }],
    ['of no kind', { ...JOINED, event: undefined }],
    ['of nobody', { ...JOINED, participant: undefined }],
    ['of somebody without a session', { ...JOINED, participant: { identity: 'alice' } }],
    [
      'of a session that Postgres can not write',
      { ...JOINED, participant: { ...JOINED.participant, sid: 'PA\u0000' } },
    ],
    ['of an empty session', { ...JOINED, participant: { ...JOINED.participant, sid: '' } }],
    ['of an empty name', { ...JOINED, participant: { ...JOINED.participant, identity: '' } }],
    ['of a recorder', { ...JOINED, participant: { ...JOINED.participant, kind: 'EGRESS' } }],
    ['that is a list', []],
    ['that is nothing', null as unknown as object],
  ])('nothing to us where it is one %s', (_what, event) => {
    expect(read(event)).toBeUndefined();
  });

  it('nothing at all where it is no JSON', () => {
    expect(() => roomEventIn(Buffer.from('{'))).toThrow(SyntaxError);
  });
});
