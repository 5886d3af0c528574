// Google's public keys, and the clock against whoever publishes them.
import type { Clock } from '../base/clock.ts';
import { failed, hostOf, networkFault } from '../base/network-faults.ts';
import { GOOGLE_APP_CHECK_KEYS_URL } from '../identity/app-check.ts';
import { fetchKeySet } from '../identity/key-set.ts';
import { GOOGLE_ID_TOKEN_KEYS_URL } from '../identity/key-store.ts';
import type { AppCheckSettings, IdentitySettings } from '../settings/settings.ts';
import { type Check, type Finding, idle, ok, skipped } from './check.ts';

/** What `iat` and `auth_time` of an ID token may lie in the future. */
const CLOCK_TOLERANCE_MS = 60_000;
const CLOCK_WORTH_A_WORD_MS = 5_000;

const NO_KEYS = 'FIREBASE_AUTH_EMULATOR_HOST is set: no ID token is checked by a key of Google';

export function googleKeysCheck(identity: IdentitySettings): Check {
  const name = "Google's keys";
  if (identity.by !== 'google') return idle(name, NO_KEYS);
  const { keysUrl } = identity;
  return keysCheck(name, {
    url: keysUrl ?? GOOGLE_ID_TOKEN_KEYS_URL,
    variable: keysUrl === undefined ? undefined : 'FIREBASE_KEYS_URL',
  });
}

export function appCheckKeysCheck(appCheck: AppCheckSettings): Check {
  const name = 'App Check';
  if (appCheck.mode === 'off') return idle(name, 'APP_CHECK is off');
  const { keysUrl, consume } = appCheck;
  return keysCheck(name, {
    url: keysUrl ?? GOOGLE_APP_CHECK_KEYS_URL,
    variable: keysUrl === undefined ? undefined : 'APP_CHECK_KEYS_URL',
    remark: consume
      ? '; using a token up (APP_CHECK_CONSUME) was not tried, for that takes a token of an app'
      : '',
  });
}

function keysCheck(
  name: string,
  parts: { url: string; variable: string | undefined; remark?: string },
): Check {
  const { url, variable, remark = '' } = parts;
  const host = hostOf(url);
  return {
    name,
    async run(signal) {
      const { keys } = await fetchKeySet(url, new Map(), signal);
      return ok(`${keys.size} ${keys.size === 1 ? 'key' : 'keys'} from ${host}${remark}`);
    },
    explain: (error) =>
      networkFault(error, { host, variable }) ??
      failed(
        wrongAnswer(error, host),
        variable === undefined
          ? `let nothing but ${host} itself answer for it: is a proxy or a captive portal between?`
          : `make ${variable} a mirror of Google's key endpoint (a JWK Set), or unset it`,
      ),
  };
}

/** In the words of fetchKeySet, which never quotes what came. */
function wrongAnswer(error: unknown, host: string): string {
  const { message } = error as Error;
  const status = /^the key endpoint answered (\d{3})$/.exec(message)?.[1];
  if (status?.startsWith('3')) return `${host} redirects, which is not followed`;
  if (status !== undefined) return `${host} answers ${status}`;
  if (message.includes('without a usable RSA key')) return `${host} answers without a usable key`;
  return `${host} answers something that is no JWK Set`;
}

export function clockCheck(identity: IdentitySettings, clock: Clock): Check {
  const name = 'Clock';
  if (identity.by !== 'google') return idle(name, NO_KEYS);
  const url = identity.keysUrl ?? GOOGLE_ID_TOKEN_KEYS_URL;
  const host = hostOf(url);
  return {
    name,
    async run(signal) {
      const askedAt = clock.now();
      // Any answer has a Date, whatever its status.
      const { headers } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
      const nowMs = (askedAt + clock.now()) / 2;
      const times = timesOf(headers);
      if (times.length === 0) return skipped(`${host} sends no date`);
      const [skewMs = 0] = times
        .map((time) => nowMs - time)
        .sort((a, b) => Math.abs(a) - Math.abs(b));
      return judge(skewMs, host);
    },
    explain: () => skipped(`could not be compared: ${host} did not answer`),
  };
}

/**
 * What the sender may take the time to be now. A cache sends the Date of the original and its own
 * Age (RFC 9111, section 4.2.3); one that sends a Date of its own would be misread by that.
 */
function timesOf(headers: Headers): number[] {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return [];
  const age = /^\d{1,9}$/.exec(headers.get('age') ?? '')?.[0];
  // Whole seconds, cut off.
  return [0, Number(age ?? 0)].map((seconds) => date + 500 + seconds * 1000);
}

function judge(skewMs: number, host: string): Finding {
  const apartMs = Math.abs(skewMs);
  const seconds = Math.round(apartMs / 1000);
  const apart = `this machine's clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} ${host}`;
  const fix = 'let the clock be set by NTP (on Linux: timedatectl set-ntp true)';
  if (apartMs > CLOCK_TOLERANCE_MS) {
    return failed(`${apart}, and good tokens are refused beyond 60 s`, fix);
  }
  if (apartMs > CLOCK_WORTH_A_WORD_MS) return ok(`warning: ${apart}; ${fix}`);
  return ok(seconds <= 1 ? `together with ${host}` : apart);
}
