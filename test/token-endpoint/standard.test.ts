// LiveKit's standard token endpoint, asked by LiveKit's own client and as the phones' SDKs ask.
import { TokenSource } from 'livekit-client';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOUNTS } from '../mounts.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type Stage, setStage } from '../stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage(MOUNTS[0] as (typeof MOUNTS)[0]);
});
afterEach(() => stage.close());

const claimsOf = (token: string) => new TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET).verify(token);

describe('livekit-client', () => {
  it('TokenSource.endpoint gets its token here', async () => {
    const source = TokenSource.endpoint(stage.tokenUrl, {
      headers: { authorization: `Bearer ${stage.idToken()}` },
    });
    const { serverUrl, participantToken } = await source.fetch({
      roomName: 'room-1',
      participantIdentity: 'alice',
    });
    expect(serverUrl).toBe('wss://livekit.example.com');
    expect((await claimsOf(participantToken)).video?.room).toBe('room-1');
    // Not "of the future" and not stale: the second one comes out of the client's cache.
    const again = await source.fetch({ roomName: 'room-1', participantIdentity: 'alice' });
    expect(again.participantToken).toBe(participantToken);
    const lines = stage.log.lines.filter(({ message }) => message === 'answered');
    expect(lines).toHaveLength(1);
  });

  it('TokenSource.custom asks with a fresh ID token each time', async () => {
    const source = TokenSource.custom(async ({ roomName }) => {
      const { body } = await stage.ask({ body: { room_name: roomName } });
      return {
        serverUrl: body.server_url as string,
        participantToken: body.participant_token as string,
      };
    });
    const { participantToken } = await source.fetch({ roomName: 'room-2' });
    const claims = await claimsOf(participantToken);
    expect([claims.sub, claims.video?.room]).toEqual(['alice', 'room-2']);
  });

  it('is refused an agent, and sees an error', async () => {
    const source = TokenSource.endpoint(stage.tokenUrl, {
      headers: { authorization: `Bearer ${stage.idToken()}` },
    });
    await expect(source.fetch({ roomName: 'room-1', agentName: 'spy' })).rejects.toThrow();
  });
});

describe('the standard form', () => {
  const named = { room_name: 'room-1', participant_identity: 'alice' };

  it.each([
    ['Dart, Swift and Android', { ...named, room_config: {} }],
    ['no identity', { room_name: 'room-1', room_config: {} }],
    [
      'Android with every default',
      {
        ...named,
        participant_name: 'A',
        participant_metadata: '',
        participant_attributes: {},
        room_config: { agents: [] },
      },
    ],
    [
      'protobuf defaults at every depth',
      {
        ...named,
        room_config: {
          name: '',
          max_participants: 0,
          egress: { room: null },
          agents: [{ agent_name: '' }],
          sync_streams: false,
        },
      },
    ],
    [
      'nulls',
      { ...named, room_config: null, participant_metadata: null, participant_attributes: null },
    ],
    [
      'camelCase',
      {
        roomName: 'room-1',
        participantIdentity: 'alice',
        roomConfig: {},
        participantMetadata: '',
        participantAttributes: {},
      },
    ],
    ['both spellings, equal', { ...named, roomName: 'room-1', participantIdentity: 'alice' }],
    ['a spelling each', { room_name: 'room-1', participantIdentity: 'alice' }],
    ['null for an identity', { room_name: 'room-1', participant_identity: null }],
    ['an empty identity', { room_name: 'room-1', participant_identity: '' }],
    ['an empty identity in camelCase', { room_name: 'room-1', participantIdentity: '' }],
    [
      'null for the spellings that are not used',
      { ...named, roomName: null, participantIdentity: null },
    ],
    ['an empty spelling beside a good one', { ...named, participantIdentity: '' }],
    ['keys of tomorrow', { ...named, future: { x: 1 } }],
  ])('is answered: %s', async (_case, body) => {
    const answer = await stage.ask({ body });
    expect(answer.status).toBe(200);
    const claims = await claimsOf(answer.body.participant_token as string);
    expect([claims.sub, claims.video?.room, claims.name]).toEqual([
      'alice',
      'room-1',
      'Alice Example',
    ]);
    expect([claims.metadata, claims.roomConfig]).toEqual([undefined, undefined]);
  });

  it.each([
    [
      'room_config',
      { agents: [{ agent_name: 'spy' }] },
      /^room_config must be empty\. .*agents and egress/,
    ],
    ['roomConfig', { max_participants: 100 }, /^roomConfig must be empty/],
    [
      'room_config',
      { egress: { room: { file_outputs: [{ filepath: 'x' }] } } },
      /^room_config must be empty/,
    ],
    ['participant_metadata', '{"role":"admin"}', /^participant_metadata must be empty/],
    ['participantAttributes', { role: 'admin' }, /^participantAttributes must be empty/],
    ['participant_metadata', true, /^participant_metadata must be empty/],
  ])('is refused with a reason: %s', async (field, value, sentence) => {
    const { status, body } = await stage.ask({ body: { ...named, [field]: value } });
    expect([status, body.code]).toEqual([400, 'request_invalid']);
    expect(body.error).toMatch(sentence);
  });

  it('is refused where the two spellings differ', async () => {
    const { body } = await stage.ask({ body: { ...named, roomName: 'room-2' } });
    expect(body.error).toBe('roomName and room_name differ; send one of them.');
    const other = await stage.ask({ body: { ...named, participantIdentity: 'bob' } });
    expect(other.body.code).toBe('request_invalid');
  });

  it('is for the caller alone', async () => {
    const { body } = await stage.ask({ body: { ...named, participant_identity: 'bob' } });
    expect(body.code).toBe('identity_mismatch');
  });

  it('requires an identity with roomName, and a room always', async () => {
    for (const body of [
      { roomName: 'room-1' },
      { participant_identity: 'alice' },
      { room_config: {} },
      { roomName: 'room-1', participantIdentity: null },
      { roomName: 'room-1', participantIdentity: '' },
      { roomName: null, participantIdentity: 'alice' },
      { room_name: null, participant_identity: 'alice' },
      { room_name: '', participant_identity: 'alice' },
      { room_name: '', roomName: 'room-1', participantIdentity: 'alice' },
      { room_name: null, roomName: 'room-1', participant_identity: '' },
    ]) {
      const { status, body: problem } = await stage.ask({ body });
      expect([status, problem.error]).toEqual([
        400,
        'roomName and participantIdentity are required.',
      ]);
    }
  });

  it('tells no server_url that it does not know', async () => {
    await stage.close();
    stage = await setStage(MOUNTS[0] as (typeof MOUNTS)[0], { livekitUrl: undefined });
    expect(Object.keys((await stage.ask()).body)).toEqual([
      'token',
      'participant_token',
      'expires_at',
    ]);
  });
});
