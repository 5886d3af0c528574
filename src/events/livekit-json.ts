// LiveKit's words in JSON: the room API writes them in snake_case, webhooks in camelCase, and
// numbers of 64 bits as text (https://protobuf.dev/programming-guides/json/).
import { faultOfLiveKitName } from '../base/ids.ts';
import type { Present } from '../calls/event.ts';

export interface Participant extends Present {
  /** Came by a token for people: no recorder, agent or telephone line that the host has called in. */
  readonly isPerson: boolean;
  readonly hasLeft: boolean;
  /** By its name in LiveKit's protocol. */
  readonly disconnectReason: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Undefined where it is something else. */
export function participantIn(value: unknown): Participant | undefined {
  const fields = fieldsOf(value);
  const { sid, identity } = fields ?? {};
  if (fields === undefined || typeof sid !== 'string' || typeof identity !== 'string') {
    return undefined;
  }
  const joinedAtMs = joinedAtMsIn(fields);
  // A database does not take every text.
  if (faultOfLiveKitName(sid) !== undefined || identity === '') return undefined;
  if (joinedAtMs === undefined) return undefined;
  const { kind = 'STANDARD', state } = fields;
  const reason = eitherOf(fields, 'disconnectReason', 'disconnect_reason');
  return {
    sid,
    identity,
    joinedAtMs,
    isPerson: kind === 'STANDARD' || kind === 0,
    hasLeft: state === 'DISCONNECTED' || state === 3,
    // What this LiveKit knows and the JSON of its version has no name for is a number.
    disconnectReason: typeof reason === 'string' ? reason : 'UNKNOWN_REASON',
  };
}

export function presentOf({ identity, sid, joinedAtMs }: Participant): Present {
  return { identity, sid, joinedAtMs };
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

/** Older servers know whole seconds alone. */
function joinedAtMsIn(fields: Fields): number | undefined {
  const ms = int64(eitherOf(fields, 'joinedAtMs', 'joined_at_ms'));
  if (ms !== undefined) return ms;
  const seconds = int64(eitherOf(fields, 'joinedAt', 'joined_at'));
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Undefined for 0 too, which is what protobuf calls absent. */
function int64(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) > 0 ? (number as number) : undefined;
}

const eitherOf = (fields: Fields, camel: string, snake: string): unknown =>
  fields[camel] ?? fields[snake];
