// LiveKit's room API, asked by hand: Twirp in JSON over `ask`. LiveKit's SDK and what it loads would
// be 50 MB of memory for five requests, and it asks without the process' proxy.
import { ask } from '../base/ask.ts';
import { boundedText } from '../base/bounded-text.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { createHs256 } from '../base/hs256.ts';
import type { RoomName } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import { createBound } from '../base/under-way.ts';
import { VERSION } from '../base/version.ts';
import type { Present } from '../calls/event.ts';
import type { RoomConfig } from '../calls/room-config.ts';
import { fieldsOf, participantIn, presentOf } from './livekit-json.ts';
import { createReachWatch } from './reach-watch.ts';

/** Deleting a room waits until its node has done it. */
const ACTION_TIMEOUT_MS = 5_000;
const LIST_TIMEOUT_MS = 2_000;
/** A hundred people with much metadata each. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
const UNDER_WAY_MAX = 100;
const TOKEN_LEEWAY_S = 60;
const TOKEN_LIFE_S = 600;

export interface LiveKitApi {
  /** Who is in the room; nobody where there is none. Undefined: no answer, which proves nothing. */
  askRoom(room: RoomName, timeoutMs: number): Promise<readonly Present[] | undefined>;
  /** Those of these rooms that there are. */
  existing(rooms: readonly RoomName[]): Promise<readonly RoomName[] | undefined>;
  /** As a call's room is to be; one that is there stays as it is. False, here and below: not done. */
  createRoom(room: RoomName): Promise<boolean>;
  /** True too where there is none. */
  deleteRoom(room: RoomName): Promise<boolean>;
  /** True too where he is not there. */
  removeParticipant(room: RoomName, identity: string): Promise<boolean>;
  /** Where it was out of reach within the last minute; asks nobody. */
  fault(): string | undefined;
}

interface Question {
  readonly method: string;
  /** The `video` claim of the token that it is asked with. */
  readonly grant: object;
  readonly body: object;
  readonly timeoutMs: number;
}

/** What LiveKit itself has said; everything else is no answer. */
type Reply = { readonly is: 'ok'; readonly value: unknown } | { readonly is: 'not_found' };

/** Nothing of it ever rejects. */
export function createLiveKitApi(options: {
  /** `wss://…`, as clients have it. */
  url: string;
  keys: { apiKey: string; apiSecret: string };
  roomConfig: RoomConfig;
  clock: Clock;
  log: Logger;
}): LiveKitApi {
  const { keys, roomConfig, clock } = options;
  const url = new URL(options.url.replace(/^ws/i, 'http'));
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}/twirp/livekit.RoomService`;
  const { sign } = createHs256(keys.apiSecret);
  const bound = createBound(UNDER_WAY_MAX, 'questions to LiveKit');
  const reach = createReachWatch({ host: url.host, clock, log: options.log });

  const tokenFor = (video: object): string => {
    const now = Math.floor(clock.now() / 1000);
    const times = { nbf: now - TOKEN_LEEWAY_S, exp: now + TOKEN_LIFE_S };
    return sign(JSON.stringify({ iss: keys.apiKey, ...times, video }));
  };

  async function send(question: Question, signal: AbortSignal): Promise<Reply> {
    const answer = await ask(`${base}/${question.method}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokenFor(question.grant)}`,
        'content-type': 'application/json',
        'user-agent': `livekit-switchboard/${VERSION}`,
      },
      body: JSON.stringify(question.body),
      signal,
    });
    const value: unknown = JSON.parse(await boundedText(answer, ANSWER_MAX_BYTES));
    if (answer.statusCode === 200) return { is: 'ok', value };
    // LiveKit's own sentence may quote the token.
    const { code } = fieldsOf(value) ?? {};
    if (answer.statusCode === 404 && code === 'not_found') return { is: 'not_found' };
    throw new Error(`status ${answer.statusCode}${isCode(code) ? `, ${code}` : ''}`);
  }

  /** What `read` makes of the answer; undefined where there is none. `read` throws for nonsense. */
  async function asked<T>(question: Question, read: (reply: Reply) => T): Promise<T | undefined> {
    try {
      return await bound(async () => {
        try {
          const reply = await withDeadline(clock, question.timeoutMs, (signal) =>
            send(question, signal),
          );
          const result = read(reply);
          reach.answered();
          return result;
        } catch (error) {
          reach.failed(question.method, error);
          return undefined;
        }
      });
    } catch {
      // Too many are under way: LiveKit has not been asked.
      return undefined;
    }
  }

  const action = async (method: string, grant: object, body: object): Promise<boolean> =>
    (await asked({ method, grant, body, timeoutMs: ACTION_TIMEOUT_MS }, () => true)) ?? false;

  return {
    askRoom(room, timeoutMs) {
      const grant = { roomAdmin: true, room };
      return asked({ method: 'ListParticipants', grant, body: { room }, timeoutMs }, peopleIn);
    },
    async existing(rooms) {
      // No name would mean all.
      if (rooms.length === 0) return [];
      const [grant, body] = [{ roomList: true }, { names: rooms }];
      const question = { method: 'ListRooms', grant, body, timeoutMs: LIST_TIMEOUT_MS };
      const names = await asked(question, namesIn);
      return names && rooms.filter((room) => names.includes(room));
    },
    createRoom: (room) => action('CreateRoom', { roomCreate: true }, { name: room, ...roomConfig }),
    deleteRoom: (room) => action('DeleteRoom', { roomCreate: true }, { room }),
    removeParticipant: (room, identity) =>
      action('RemoveParticipant', { roomAdmin: true, room }, { room, identity }),
    fault: reach.fault,
  };
}

/** LiveKit names even an empty list: an object without one comes from somebody else. */
function listIn(reply: Reply, name: string): readonly unknown[] {
  if (reply.is === 'not_found') return [];
  const list = fieldsOf(reply.value)?.[name];
  if (!Array.isArray(list)) throw new Error(`an answer without ${name}`);
  return list;
}

function peopleIn(reply: Reply): readonly Present[] {
  const participants = listIn(reply, 'participants').map(participantIn);
  // One who can't be read may be anybody.
  if (!participants.every((one) => one !== undefined)) throw new Error('a participant of no form');
  return participants.filter(({ isPerson, hasLeft }) => isPerson && !hasLeft).map(presentOf);
}

function namesIn(reply: Reply): readonly unknown[] {
  return listIn(reply, 'rooms').map((room) => fieldsOf(room)?.name);
}

const isCode = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z_]{1,40}$/.test(value);
