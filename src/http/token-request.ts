// The body of the token endpoint: the app's own camelCase form and LiveKit's standard snake_case
// form (https://docs.livekit.io/frontends/authentication/tokens/endpoint/), on one route.
import Type, { type Static } from 'typebox';
import { SwitchboardError } from '../errors.ts';
import { faultOfLiveKitName, type RoomName } from '../ids.ts';

/** The name of the Ajv format that {@link LIVEKIT_NAME} asks for. */
export const LIVEKIT_NAME_FORMAT = 'livekit-name';
/** The name of the Ajv keyword behind {@link Unset}. */
export const PROTOBUF_EMPTY = 'x-protobuf-empty';

const REQUIRED = 'roomName and participantIdentity are required.';
const NAMES = ['roomName', 'participantIdentity', 'room_name', 'participant_identity'];

const LIVEKIT_NAME = (description: string) =>
  Type.String({
    minLength: 1,
    format: LIVEKIT_NAME_FORMAT,
    description: `${description} 1 to 256 bytes of UTF-8 without control characters, taken literally.`,
  });

/** A field of the standard that clients send empty; with something in it, it is refused. */
const Unset = (description: string) =>
  Type.Unknown({
    [PROTOBUF_EMPTY]: true,
    description: `${description} Must be empty (null, "", 0, false, [] or {}, at every depth).`,
  });

const ROOM_CONFIG = 'Room settings, agents and egress are not the client’s to start.';
const METADATA = 'Metadata is not the client’s to set: it would be signed unseen.';
const ATTRIBUTES = 'Attributes are not the client’s to set: they would be signed unseen.';

const UNSET_REASON: Readonly<Record<string, string>> = {
  room_config: ROOM_CONFIG,
  roomConfig: ROOM_CONFIG,
  participant_metadata: METADATA,
  participantMetadata: METADATA,
  participant_attributes: ATTRIBUTES,
  participantAttributes: ATTRIBUTES,
};

export const TokenRequestBody = Type.Object(
  {
    roomName: Type.Optional(LIVEKIT_NAME('The LiveKit room to join.')),
    participantIdentity: Type.Optional(LIVEKIT_NAME('The caller’s own Firebase uid.')),
    room_name: Type.Optional(LIVEKIT_NAME('Standard spelling of roomName.')),
    participant_identity: Type.Optional(
      LIVEKIT_NAME('Standard spelling of participantIdentity; absent means the caller.'),
    ),
    participant_name: Type.Optional(
      Type.Unknown({ description: 'Ignored: the name comes from the ID token.' }),
    ),
    room_config: Type.Optional(Unset(ROOM_CONFIG)),
    roomConfig: Type.Optional(Unset(ROOM_CONFIG)),
    participant_metadata: Type.Optional(Unset(METADATA)),
    participantMetadata: Type.Optional(Unset(METADATA)),
    participant_attributes: Type.Optional(Unset(ATTRIBUTES)),
    participantAttributes: Type.Optional(Unset(ATTRIBUTES)),
  },
  { description: 'Other keys are ignored.' },
);

export type TokenRequestBody = Static<typeof TokenRequestBody>;

/**
 * Which room, and for whom, a body that has passed the schema asks. `identity` is the caller where
 * the standard form names none. Throws `request_invalid` or `identity_mismatch`.
 */
export function readTokenRequest(
  body: TokenRequestBody,
  uid: string,
): { roomName: RoomName; identity: string } {
  const roomName = oneOf(body, 'roomName', 'room_name');
  const asked = oneOf(body, 'participantIdentity', 'participant_identity');
  const identity = asked ?? (body.room_name === undefined ? undefined : uid);
  if (roomName === undefined || identity === undefined) throw requestInvalid(REQUIRED);
  if (asked !== undefined && asked !== uid) {
    throw new SwitchboardError(
      'identity_mismatch',
      'Forbidden: You can only request a token for yourself.',
    );
  }
  const fault = faultOfLiveKitName(identity);
  if (fault !== undefined) throw requestInvalid(`participantIdentity ${fault}.`);
  return { roomName: roomName as RoomName, identity };
}

function oneOf(
  body: TokenRequestBody,
  camel: 'roomName' | 'participantIdentity',
  snake: 'room_name' | 'participant_identity',
): string | undefined {
  const [one, other] = [body[camel], body[snake]];
  if (one !== undefined && other !== undefined && one !== other) {
    throw requestInvalid(`${camel} and ${snake} differ; send one of them.`);
  }
  return one ?? other;
}

/** The sentence for a body that the schema refused at `field` (empty: the body itself). */
export function schemaFault(body: unknown, field: string, keyword: string): SwitchboardError {
  if (field === '') return requestInvalid('The body must be a JSON object.');
  if (NAMES.includes(field)) {
    const value = (body as Record<string, unknown>)[field];
    const fault = keyword === 'format' ? faultOfLiveKitName(value as string) : undefined;
    return requestInvalid(fault === undefined ? REQUIRED : `${field} ${fault}.`);
  }
  return requestInvalid(`${field} must be empty. ${UNSET_REASON[field] ?? ''}`.trim());
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

const requestInvalid = (sentence: string): SwitchboardError =>
  new SwitchboardError('request_invalid', sentence);
