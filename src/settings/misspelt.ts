// A slip in a name falls back to a default without a word, and the default of ROOM_ACCESS is open.
import type { Environment } from './sources.ts';
import { VARIABLES } from './table.ts';

/** What other programs call the same. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  LIVEKIT_KEY: 'LIVEKIT_API_KEY',
  LIVEKIT_KEYS: 'LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
  LIVEKIT_SECRET: 'LIVEKIT_API_SECRET',
  LIVEKIT_HOST: 'LIVEKIT_URL',
  LIVEKIT_WS_URL: 'LIVEKIT_URL',
  LIVEKIT_SERVER_URL: 'LIVEKIT_URL',
  FIREBASE_AUTH_EMULATOR_URL: 'FIREBASE_AUTH_EMULATOR_HOST',
  FIREBASE_SERVICE_ACCOUNT_KEY: 'FIREBASE_SERVICE_ACCOUNT',
  FIREBASE_SERVICE_ACCOUNT_JSON: 'FIREBASE_SERVICE_ACCOUNT',
  FIRESTORE_PATH: 'FIRESTORE_ROOM_PATH',
  FIRESTORE_ROOMS_PATH: 'FIRESTORE_ROOM_PATH',
  FIRESTORE_USER_PATH: 'FIRESTORE_PROFILE_PATH',
  FIRESTORE_USERS_PATH: 'FIRESTORE_PROFILE_PATH',
  APNS_AUTH_KEY: 'APNS_KEY',
  APNS_PRIVATE_KEY: 'APNS_KEY',
  APNS_TOPIC: 'APNS_BUNDLE_ID',
  APPLE_TEAM_ID: 'APNS_TEAM_ID',
  WEBHOOK_URL: 'WEBHOOK_URLS',
  WEBHOOK_SIGNING_SECRET: 'WEBHOOK_SECRET',
  TRUST_PROXIES: 'TRUST_PROXY',
  TRUSTED_PROXIES: 'TRUST_PROXY',
  RATE_LIMIT: 'TOKEN_RATE_PER_MINUTE',
  RATE_LIMIT_PER_MINUTE: 'TOKEN_RATE_PER_MINUTE',
  RING_TIMEOUT: 'RING_TIMEOUT_SECONDS',
  CORS_ORIGIN: 'CORS_ORIGINS',
  ALLOWED_ORIGINS: 'CORS_ORIGINS',
  CORS_ALLOWED_ORIGINS: 'CORS_ORIGINS',
};

/** What builds of web pages write before a name that pages may see. */
const OF_A_PAGE = /^(?:NEXT_PUBLIC|VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|PUBLIC)_/;

/** Whose default is open: in production a slip in their names must not pass for a decision. */
const DOORS = ['ROOM_ACCESS', 'RING_ACCESS'];

export interface Misspelt {
  readonly sentence: string;
  /** Without what was meant, everybody may do something. */
  readonly opensDoor: boolean;
}

/** One for each variable that is nearly one of ours, or means one; none where that is set. */
export function misspelt(env: Environment): Misspelt[] {
  const known = VARIABLES.map(({ variable }) => variable);
  const isUnset = (name: string) => (env[name]?.trim() ?? '') === '';
  const hint = (name: string, meant: string): Misspelt => ({
    sentence: sentenceOf(name, meant),
    opensDoor: DOORS.includes(meant) && isUnset(meant),
  });
  return Object.keys(env).flatMap((name) => {
    if (known.includes(name) || isUnset(name)) return [];
    const bare = name.replace(/^[\s\p{Cf}]*(?:export\s+)?|[\s\p{Cf}]+$/gu, '');
    const named = bare.toUpperCase();
    const same = known.find((variable) => variable === named);
    if (same !== undefined) return isUnset(same) ? [hint(bare, same)] : [];
    const meant =
      ELSEWHERE[named] ?? known.find((variable) => variable === named.replace(OF_A_PAGE, ''));
    if (meant !== undefined) {
      return isUnset(meant.split(' ')[0] as string) ? [hint(bare, meant)] : [];
    }
    // Short names have too many neighbours (PORT, HOST).
    if (bare.length < 8) return [];
    const near = known.find((variable) => isSlipOf(named, variable));
    return near === undefined ? [] : [hint(bare, near)];
  });
}

/** As much of it as a name may hold: what is told may be read in a log. */
const sentenceOf = (name: string, meant: string): string =>
  `${name.replace(/[^\w -]/g, '?').slice(0, 64)} is no variable of this server: ${meant} was meant?`;

/** One letter too few, too many, wrong or in its neighbour's place. */
function isSlipOf(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const isSwap = restA.length === 2 && restA === [...restB].reverse().join('');
  return isSwap || (restA.length <= 1 && restB.length <= 1);
}
