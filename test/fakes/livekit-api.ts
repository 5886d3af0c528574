// A small real server that stands in for LiveKit: its room API at the wire, held against LiveKit's
// own SDK, and the webhooks that it signs.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jwtVerify, SignJWT } from 'jose';
import { ParticipantInfo, Room, RoomConfiguration } from 'livekit-server-sdk';
import type { Clock } from '../../src/base/clock.ts';
import type { Present } from '../../src/calls/event.ts';

export const LIVEKIT_KEYS: { readonly apiKey: string; readonly apiSecret: string } = {
  apiKey: 'lk-key',
  apiSecret: 'lk-secret-of-at-least-32-characters',
};

/** What it does with a request. */
export type LiveKitAnswer =
  /** What LiveKit would. */
  | 'right'
  /** Cuts the connection. */
  | 'cut'
  /** Never answers. */
  | 'hang'
  /** Sends headers and half an answer, and no more. */
  | 'hang-halfway'
  /** 500 in LiveKit's form. */
  | 'error'
  /** 503 of a proxy. */
  | 'unavailable'
  /** 401, with the token in the sentence, as LiveKit does. */
  | 'refuse'
  /** 200 and a page. */
  | 'page'
  /** 200 and `{}`. */
  | 'empty'
  /** 404 in LiveKit's form, about something else than a room. */
  | 'no-route'
  /** 404 in LiveKit's form: there is no such room. */
  | 'not-found'
  /** 302. */
  | 'redirect'
  /** Five megabytes of white space around what it would answer if nobody were there. */
  | 'huge'
  /** 503 of somebody else who says that there is nothing. */
  | 'not-here'
  /** 500 with a sentence for a code, and the token in it. */
  | 'talkative'
  /** Every room that it has, whichever were asked for. */
  | 'all-rooms'
  /** A list with somebody in it who has no identity. */
  | 'nameless';

export interface Asked {
  readonly method: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Webhook {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FakeLiveKitApi {
  /** `ws://…`, as LIVEKIT_URL has it. */
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly deleted: readonly string[];
  readonly removed: readonly { readonly room: string; readonly identity: string }[];
  /** The rooms that there are, with their settings. */
  rooms(): readonly Room[];
  /** Answers like this from now on; what hangs already is left hanging. */
  answerWith(answer: LiveKitAnswer): void;
  /** Keeps right answers back, until the answer is called. */
  hold(): () => void;
  /** Whether whoever asks now waits for nothing. */
  isSilent(): boolean;
  /** Somebody joins; the room is made where there is none. Whoever has his identity goes. */
  enter(room: string, identity: string, more?: object): Present;
  /** He leaves; the room stays. */
  depart(room: string, identity: string): void;
  /** Signed now. `participant` as JSON of LiveKit's; `more`: other fields of the event. */
  webhook(
    event: string,
    about: { room: string; participant?: object },
    more?: object,
  ): Promise<Webhook>;
  close(): Promise<void>;
}

interface Start {
  readonly keys?: { apiKey: string; apiSecret: string };
  /** Of the side that asks; default: the wall clock. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** LiveKit's room API on loopback. It answers nobody without a good token. */
export async function startLiveKitApi(start: Start = {}): Promise<FakeLiveKitApi> {
  const { keys = LIVEKIT_KEYS, clock = { now: Date.now } } = start;
  const secret = Buffer.from(keys.apiSecret);
  const rooms = new Map<string, { room: Room; people: Map<string, ParticipantInfo> }>();
  const asked: Asked[] = [];
  const deleted: string[] = [];
  const removed: { room: string; identity: string }[] = [];
  let answer: LiveKitAnswer = 'right';
  let held: Promise<void> | undefined;
  let sids = 0;

  const roomOf = (name: string, config: object = {}) => {
    const found = rooms.get(name);
    if (found !== undefined) return found;
    // Strict: a setting that LiveKit doesn't know throws.
    const { emptyTimeout, departureTimeout, maxParticipants } = RoomConfiguration.fromJson({
      ...config,
    });
    const room = new Room({ name, emptyTimeout, departureTimeout, maxParticipants });
    const made = { room, people: new Map<string, ParticipantInfo>() };
    rooms.set(name, made);
    return made;
  };

  const methods: Record<string, (body: Record<string, unknown>) => object | undefined> = {
    ListParticipants: ({ room }) => ({
      participants: [...(rooms.get(String(room))?.people.values() ?? [])].map(asLiveKitWrites),
    }),
    ListRooms: ({ names }) => ({
      rooms: [...rooms.values()]
        .filter(
          ({ room }) => (names as string[]).length === 0 || (names as string[]).includes(room.name),
        )
        .map(({ room }) => asLiveKitWrites(room)),
    }),
    CreateRoom: ({ name, ...config }) => asLiveKitWrites(roomOf(String(name), config).room),
    DeleteRoom({ room }) {
      deleted.push(String(room));
      return rooms.delete(String(room)) ? {} : undefined;
    },
    RemoveParticipant({ room, identity }) {
      removed.push({ room: String(room), identity: String(identity) });
      return rooms.get(String(room))?.people.delete(String(identity)) ? {} : undefined;
    },
  };

  async function rightly(request: IncomingMessage, response: ServerResponse, body: string) {
    const method = request.url?.split('/').at(-1) ?? '';
    const token = tokenOf(request);
    const value = JSON.parse(body) as Record<string, unknown>;
    const fault = await faultOf(token, method, value);
    if (fault !== undefined) return json(response, 401, { code: 'unauthenticated', msg: fault });
    asked.push({ method, body: value });
    await held;
    const result = methods[method]?.(value);
    if (result !== undefined) return json(response, 200, result);
    json(response, 404, { code: 'not_found', msg: 'twirp error unknown: does not exist' });
  }

  async function faultOf(token: string, method: string, body: Record<string, unknown>) {
    try {
      const currentDate = new Date(clock.now());
      const { payload } = await jwtVerify(token, secret, {
        algorithms: ['HS256'],
        issuer: keys.apiKey,
        currentDate,
        requiredClaims: ['exp', 'nbf'],
      });
      const { roomAdmin, roomCreate, roomList, room } = payload.video as Record<string, unknown>;
      const right =
        method === 'ListRooms'
          ? roomList
          : method === 'CreateRoom' || method === 'DeleteRoom'
            ? roomCreate
            : roomAdmin === true && room === body.room;
      return right === true ? undefined : 'permissions denied';
    } catch (error) {
      return `invalid token: ${token}, error: ${error}`;
    }
  }

  const wrongly: Record<Exclude<LiveKitAnswer, 'right'>, Wrong> = {
    cut: (response) => response.destroy(),
    hang: () => {},
    'hang-halfway': (response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"participants":['),
    error: (response) => json(response, 500, { code: 'internal', msg: 'something' }),
    unavailable: (response) => response.writeHead(503).end('<html>try later</html>'),
    refuse: (response, token) =>
      json(response, 401, { code: 'unauthenticated', msg: `invalid token: ${token}` }),
    page: (response) => response.writeHead(200).end('<html>sign in to the hotel wifi</html>'),
    empty: (response) => json(response, 200, {}),
    'no-route': (response) => json(response, 404, { code: 'bad_route', msg: 'no handler' }),
    'not-found': (response) => json(response, 404, { code: 'not_found', msg: 'no such room' }),
    redirect: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    huge: (response) =>
      response.writeHead(200).end(`${' '.repeat(5 * 1024 * 1024)}{"participants":[]}`),
    'not-here': (response) => json(response, 503, { code: 'not_found', msg: 'try later' }),
    talkative: (response, token) => json(response, 500, { code: `no good: ${token}` }),
    'all-rooms': (response) => json(response, 200, methods.ListRooms?.({ names: [] }) ?? {}),
    nameless: (response) =>
      json(response, 200, {
        participants: [{ sid: 'PA_x', identity: '', joined_at: '1795000000' }],
      }),
  };

  const server = createServer(async (request, response) => {
    // So that every request shows by itself, and none is tried again on a kept connection.
    response.setHeader('connection', 'close');
    const body = await text(request);
    if (answer === 'right') return void (await rightly(request, response, body));
    asked.push({ method: request.url?.split('/').at(-1) ?? '', body: JSON.parse(body) });
    wrongly[answer](response, tokenOf(request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    deleted,
    removed,
    rooms: () => [...rooms.values()].map(({ room }) => room),
    answerWith(next) {
      answer = next;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
    isSilent: () => held !== undefined || answer === 'hang' || answer === 'hang-halfway',
    enter(room, identity, more = {}) {
      sids += 1;
      const joinedAtMs = clock.now();
      const who = { sid: `PA_${sids}`, identity, joinedAtMs: String(joinedAtMs), state: 'ACTIVE' };
      const participant = ParticipantInfo.fromJson({
        ...who,
        joinedAt: String(Math.floor(joinedAtMs / 1000)),
        ...more,
      });
      roomOf(room).people.set(identity, participant);
      return { sid: participant.sid, identity, joinedAtMs };
    },
    depart: (room, identity) => void rooms.get(room)?.people.delete(identity),
    webhook: (event, { room, participant }, more) =>
      signed({ event, room: { name: room }, participant, ...more }, keys, clock.now()),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

type Wrong = (response: ServerResponse, token: string) => void;

/** With the signature that LiveKit puts on it at `nowMs`. */
export function signed(
  event: object,
  keys: { apiKey: string; apiSecret: string },
  nowMs = Date.now(),
): Promise<Webhook> {
  const createdAt = String(Math.floor(nowMs / 1000));
  return signedText(JSON.stringify({ ...event, id: 'EV_1', createdAt }), nowMs, keys);
}

export async function signedText(
  body: string,
  nowMs: number,
  keys: { apiKey: string; apiSecret: string } = LIVEKIT_KEYS,
): Promise<Webhook> {
  const now = Math.floor(nowMs / 1000);
  const authorization = await new SignJWT({
    sha256: createHash('sha256').update(body).digest('base64'),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(keys.apiKey)
    .setNotBefore(now)
    .setExpirationTime(now + 300)
    .sign(Buffer.from(keys.apiSecret));
  return { body, headers: { authorization, 'content-type': 'application/webhook+json' } };
}

const asLiveKitWrites = (message: ParticipantInfo | Room): object =>
  message.toJson({ emitDefaultValues: true, useProtoFieldName: true }) as object;

const tokenOf = (request: IncomingMessage): string =>
  (request.headers.authorization ?? '').replace(/^Bearer /, '');

const json = (response: ServerResponse, status: number, value: object): void =>
  void response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify(value));
