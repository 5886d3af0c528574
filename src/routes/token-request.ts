// The body of the token endpoint: the app's own camelCase form and LiveKit's standard snake_case
// form (https://docs.livekit.io/frontends/authentication/tokens/endpoint/), on one route.
import { SwitchboardError } from '../base/errors.ts';
import { faultOfLiveKitName, type RoomName } from '../base/ids.ts';
import { whatCame } from './what-came.ts';

/** The name of the format behind {@link liveKitName}. */
export const LIVEKIT_NAME_FORMAT = 'livekit-name';
/** The name of the keyword behind {@link unset}. */
export const PROTOBUF_EMPTY = 'x-protobuf-empty';

/** A body of the longest names has less than 2 KiB. */
export const TOKEN_REQUEST_MAX_BYTES = 16 * 1024;

const REQUIRED = 'roomName and participantIdentity are required.';

const NAME =
  '1 to 256 bytes of UTF-8 without control characters, taken literally; null is as if absent.';

const roomName = (description: string) =>
  ({
    type: ['string', 'null'],
    minLength: 1,
    format: LIVEKIT_NAME_FORMAT,
    description: `${description} ${NAME}`,
  }) as const;

const identity = (description: string) =>
  ({
    type: ['string', 'null'],
    anyOf: [{ maxLength: 0 }, { format: LIVEKIT_NAME_FORMAT }],
    description: `${description} ${NAME} Empty beside room_name: as if absent, too.`,
  }) as const;

const ROOM_CONFIG = 'Room settings, agents and egress are not the client’s to start.';
const METADATA = 'Metadata is not the client’s to set: it would be signed unseen.';
const ATTRIBUTES = 'Attributes are not the client’s to set: they would be signed unseen.';

/** Fields of the standard that clients send empty; with something in them, they are refused. */
const UNSET_REASON: Readonly<Record<string, string>> = {
  room_config: ROOM_CONFIG,
  roomConfig: ROOM_CONFIG,
  participant_metadata: METADATA,
  participantMetadata: METADATA,
  participant_attributes: ATTRIBUTES,
  participantAttributes: ATTRIBUTES,
};

const unset = (reason: string) => ({
  [PROTOBUF_EMPTY]: true,
  description: `${reason} Must be empty (null, "", 0, false, [] or {}, at every depth).`,
});

const NAME_FIELDS = {
  roomName: roomName('The LiveKit room to join.'),
  participantIdentity: identity('The caller’s own Firebase uid.'),
  room_name: roomName('Standard spelling of roomName.'),
  participant_identity: identity(
    'Standard spelling of participantIdentity; absent means the caller.',
  ),
};

/**
 * What the API's description shows of the body. {@link readTokenRequest} is what checks it, so that
 * no server has to load a schema compiler to start; a test holds the two against each other.
 */
export const TOKEN_REQUEST_SCHEMA = {
  type: 'object',
  description: 'Other keys are ignored.',
  properties: {
    ...NAME_FIELDS,
    participant_name: { description: 'Ignored: the name comes from the ID token.' },
    ...Object.fromEntries(
      Object.entries(UNSET_REASON).map(([field, reason]) => [field, unset(reason)]),
    ),
  },
};

const NAMES = Object.keys(NAME_FIELDS) as (keyof typeof NAME_FIELDS)[];
const IDENTITIES: readonly string[] = ['participantIdentity', 'participant_identity'];
const UNSET = Object.keys(UNSET_REASON);

type Names = { [Field in keyof typeof NAME_FIELDS]?: string };
type Fields = Readonly<Record<string, unknown>>;

/**
 * Which room a body asks for, on behalf of the caller: the standard form need not name an identity.
 * Throws `request_invalid` or `identity_mismatch`.
 */
export function readTokenRequest(body: unknown, uid: string): RoomName {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw requestInvalid('The body must be a JSON object.');
  }
  const names = namesIn(body as Fields);
  const roomName = oneOf(names, 'roomName', 'room_name');
  const asked = oneOf(names, 'participantIdentity', 'participant_identity');
  const identity = asked ?? (names.room_name === undefined ? undefined : uid);
  if (roomName === undefined || identity === undefined) throw namesRequired(body as Fields);
  if (asked !== undefined && asked !== uid) {
    throw new SwitchboardError(
      'identity_mismatch',
      'Forbidden: You can only request a token for yourself.',
    );
  }
  const fault = faultOfLiveKitName(identity);
  if (fault !== undefined) throw requestInvalid(`participantIdentity ${fault}.`);
  return roomName as RoomName;
}

/**
 * The names that are there: null is as if absent (protobuf's JSON form), and so is an empty identity
 * in the standard's form, where clients write what they have not set. Throws where a name has a
 * fault, or what must be empty is not.
 */
function namesIn(fields: Fields): Names {
  const names: Names = {};
  const isStandard = typeof fields.room_name === 'string';
  for (const field of NAMES) {
    const value = fields[field] ?? undefined;
    if (value === undefined) continue;
    if (value === '' && isStandard && IDENTITIES.includes(field)) continue;
    if (typeof value !== 'string' || value === '') throw namesRequired(fields);
    const fault = faultOfLiveKitName(value);
    if (fault !== undefined) throw requestInvalid(`${field} ${fault}.`);
    names[field] = value;
  }
  for (const field of UNSET) {
    const value = fields[field];
    if (value !== undefined && !isProtobufEmpty(value)) {
      throw requestInvalid(`${field} must be empty. ${UNSET_REASON[field]}`);
    }
  }
  return names;
}

function oneOf(
  body: Names,
  camel: 'roomName' | 'participantIdentity',
  snake: 'room_name' | 'participant_identity',
): string | undefined {
  const [one, other] = [body[camel], body[snake]];
  if (one !== undefined && other !== undefined && one !== other) {
    throw requestInvalid(`${camel} and ${snake} differ; send one of them.`);
  }
  return one ?? other;
}

/** What protobuf's JSON form calls the default value, at every depth. Iterative: bodies nest deeply. */
export function isProtobufEmpty(value: unknown): boolean {
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'object' && next !== null) pending.push(...Object.values(next));
    else if (next !== null && next !== '' && next !== 0 && next !== false) return false;
  }
  return true;
}

/** The contract's own sentence. What came instead is for the log. */
const namesRequired = (fields: Fields): SwitchboardError =>
  new SwitchboardError('request_invalid', REQUIRED, { cause: { message: whatCame(fields) } });

const requestInvalid = (sentence: string): SwitchboardError =>
  new SwitchboardError('request_invalid', sentence);
