// What stands in the body of a request about a call: read by hand, so that no server has to load a
// schema compiler, and each fault named with its field.
import { SwitchboardError } from '../../base/errors.ts';
import {
  type CallId,
  type DeviceId,
  faultOfLiveKitName,
  faultOfPerson,
  type InstallationId,
  type UserId,
} from '../../base/ids.ts';
import { NAME_IN_PATH } from '../../http/fields.ts';

/** Members that are null are as if absent: Dart and Swift write what they have not set. */
export type Members = Readonly<Record<string, unknown>>;

export const DEVICE_MAX_CHARACTERS = 128;
export const DATA_MAX_BYTES = 4 * 1024;
/** Of a list of uids, each as long as may be and written in escapes, more than that is no group. */
export const LONG_BODY_MAX_BYTES = 64 * 1024;
export const SHORT_BODY_MAX_BYTES = 4 * 1024;

/** More levels than 4 KiB can hold. */
const DEPTH_MAX = 2 * 1024;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const CONTROL_OR_LONE = /[\p{Cc}\p{Cs}]/u;

export const invalid = (sentence: string): SwitchboardError =>
  new SwitchboardError('request_invalid', sentence);

/** Undefined: there was none, and none was needed. */
export function membersOf(body: unknown): Members {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('The body must be a JSON object.');
  }
  return body as Members;
}

/** The member, and null as if it were absent. Only what the body holds itself. */
export const memberOf = (members: Members, name: string): unknown =>
  Object.hasOwn(members, name) ? (members[name] ?? undefined) : undefined;

/** Required. */
export function deviceIn(members: Members): DeviceId {
  const device = optionalDeviceIn(members);
  if (device === undefined) {
    throw invalid('deviceId is required: it names this one running client of the person.');
  }
  return device;
}

export function optionalDeviceIn(members: Members): DeviceId | undefined {
  const value = memberOf(members, 'deviceId');
  if (value === undefined) return undefined;
  const isFine =
    typeof value === 'string' &&
    value.length >= 1 &&
    value.length <= DEVICE_MAX_CHARACTERS &&
    !CONTROL_OR_LONE.test(value);
  if (isFine) return value as DeviceId;
  throw invalid(
    `deviceId must be a text of 1 to ${DEVICE_MAX_CHARACTERS} characters, without control characters.`,
  );
}

/** Where it is asked: its ring need not be stopped by a push. */
export function installationIn(members: Members): InstallationId | undefined {
  const value = memberOf(members, 'installationId');
  if (value === undefined) return undefined;
  if (typeof value === 'string' && NAME_IN_PATH.test(value)) return value as InstallationId;
  throw invalid(
    'installationId must be as it is registered: 1 to 128 letters, digits and _ . : ~ or -.',
  );
}

/** In small letters: CallKit hands them back in capitals. */
export function callIdIn(members: Members, name: string): CallId | undefined {
  const value = memberOf(members, name);
  if (value === undefined) return undefined;
  if (typeof value === 'string' && UUID.test(value)) return value.toLowerCase() as CallId;
  throw invalid(`${name} must be a UUID.`);
}

export function oneOfIn<const T extends string>(
  members: Members,
  name: string,
  values: readonly T[],
): T | undefined {
  const value = memberOf(members, name);
  if (value === undefined) return undefined;
  const known = values.find((one) => one === value);
  if (known === undefined) throw invalid(`${name} must be one of ${values.join(', ')}.`);
  return known;
}

export function yesOrNoIn(members: Members, name: string): boolean {
  const value = memberOf(members, name);
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw invalid(`${name} must be true or false.`);
  return value;
}

/** Whom to ring: each once, none of them the caller. */
export function calleesIn(members: Members, caller: UserId, max: number): readonly UserId[] {
  const value = memberOf(members, 'callees');
  if (!Array.isArray(value) || value.length === 0) {
    throw invalid('callees must be a list of the uids to ring.');
  }
  if (value.length > max) {
    throw invalid(`callees must be at most ${max}: a call has ${max + 1} people at most.`);
  }
  for (const uid of value) {
    const fault = typeof uid === 'string' ? faultOfPerson(uid) : 'is no text';
    if (fault !== undefined) throw invalid(`callees must hold uids, and one ${fault}.`);
    if (uid === caller) throw invalid('callees must not hold the caller: nobody calls themselves.');
  }
  if (new Set(value).size < value.length) throw invalid('callees must hold each uid once.');
  return value as readonly UserId[];
}

export function contextIn(members: Members): string | undefined {
  const value = memberOf(members, 'context');
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid('context must be a text.');
  const fault = faultOfLiveKitName(value);
  if (fault !== undefined) throw invalid(`context ${fault}.`);
  return value;
}

/** As JSON text. What a database would change or refuse is refused here. */
export function dataIn(members: Members): string | undefined {
  const value = memberOf(members, 'data');
  if (value === undefined) return undefined;
  const tooLong = `data must be at most ${DATA_MAX_BYTES} bytes of JSON.`;
  const pending = [{ value, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value: part, depth } = next;
    if (depth > DEPTH_MAX) throw invalid(tooLong);
    if (typeof part === 'string') checkText(part);
    if (typeof part !== 'object' || part === null) continue;
    for (const [name, inner] of Object.entries(part)) {
      checkText(name);
      pending.push({ value: inner, depth: depth + 1 });
    }
  }
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > DATA_MAX_BYTES) throw invalid(tooLong);
  return text;
}

function checkText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw invalid('data must not hold NUL (U+0000) or lone surrogates.');
  }
}
