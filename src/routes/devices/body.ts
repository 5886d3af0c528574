// What an app says of the phone on which it is installed: read by hand, each fault with its field.
import type { InstallationId, UserId } from '../../base/ids.ts';
import {
  type Device,
  PLATFORMS,
  type Platform,
  TARGET_KINDS,
  type Target,
  type TargetKind,
} from '../../ringing/device.ts';
import { invalid, type Members, memberOf, membersOf, oneOfIn, yesOrNoIn } from '../calls/body.ts';

export const LOCALE_MAX_CHARACTERS = 35;
/** BCP 47, as far as its form goes; and as Dart's `Platform.localeName` writes it. */
const LOCALE = /^[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*$/;

/** How the value of each kind is written, and how that is said. */
export const VALUES: Readonly<Record<TargetKind, { form: RegExp; saysSo: string }>> = {
  fcm_token: { form: /^[\x21-\x7e]{1,4096}$/, saysSo: '1 to 4096 printable ASCII characters' },
  // https://firebase.google.com/docs/projects/manage-installations; the first bits are always 0111.
  fid: { form: /^[cdef][\w-]{21}$/, saysSo: 'the 22 characters of a Firebase installation id' },
  apns_voip: { form: /^(?:[\da-f]{2}){32,100}$/i, saysSo: '64 to 200 hexadecimal digits' },
  apns: { form: /^(?:[\da-f]{2}){32,100}$/i, saysSo: '64 to 200 hexadecimal digits' },
  host: {
    form: /^[^\p{Cc}\p{Cs}]{1,1024}$/u,
    saysSo: '1 to 1024 characters without control characters',
  },
};

export function deviceIn(body: unknown, uid: UserId, installation: InstallationId): Device {
  const members = membersOf(body);
  const platform = oneOfIn(members, 'platform', PLATFORMS);
  if (platform === undefined) throw invalid(`platform is required: ${PLATFORMS.join(' or ')}.`);
  const locale = localeIn(members);
  return {
    ...{ uid, installation, platform, targets: targetsIn(members, platform) },
    ...(locale !== undefined && { locale }),
  };
}

function targetsIn(members: Members, platform: Platform): readonly Target[] {
  const value = memberOf(members, 'pushes');
  const max = TARGET_KINDS.length;
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    throw invalid(`pushes must be a list of 1 to ${max}: each kind at most once.`);
  }
  const targets = value.map((push) => targetIn(push, platform));
  const kinds = new Set(targets.map(({ kind }) => kind));
  if (kinds.size < targets.length) throw invalid('pushes must hold each kind at most once.');
  return targets;
}

function targetIn(push: unknown, platform: Platform): Target {
  if (typeof push !== 'object' || push === null || Array.isArray(push)) {
    throw invalid('pushes must hold objects: { kind, value }.');
  }
  const members = push as Members;
  const kind = oneOfIn(members, 'kind', TARGET_KINDS);
  if (kind === undefined) throw invalid(`kind is required: ${TARGET_KINDS.join(', ')}.`);
  const isApns = kind === 'apns' || kind === 'apns_voip';
  if (isApns && platform !== 'ios') throw invalid(`kind ${kind} is for the platform ios alone.`);
  const value = memberOf(members, 'value');
  const { form, saysSo } = VALUES[kind];
  if (typeof value !== 'string' || !form.test(value)) {
    throw invalid(`value of the kind ${kind} must be ${saysSo}.`);
  }
  const isSandbox = yesOrNoIn(members, 'sandbox');
  if (isSandbox && !isApns) throw invalid('sandbox is for the kinds apns and apns_voip alone.');
  return {
    kind,
    // The same device in both writings would be two.
    value: isApns ? value.toLowerCase() : value,
    ...(isSandbox && { isSandbox }),
  };
}

function localeIn(members: Members): string | undefined {
  const value = memberOf(members, 'locale');
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length <= LOCALE_MAX_CHARACTERS && LOCALE.test(value)) {
    return value.replaceAll('_', '-');
  }
  throw invalid(
    `locale must be a language tag of BCP 47 like de or pt-BR, of at most ${LOCALE_MAX_CHARACTERS} characters.`,
  );
}
