// LiveKit's address and keys, tried for real, and a token minted as the server mints it.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { RoomName } from '../base/ids.ts';
import { failed, hostOf, networkFault, type Place, unexpected } from '../base/network-faults.ts';
import { userFromClaims } from '../base/user.ts';
import type { Config } from '../settings/config.ts';
import type { LiveKitSettings } from '../settings/settings.ts';
import { createTokenMint } from '../tokens/livekit-token.ts';
import { CHECK_TIMEOUT_MS, type Check, type Finding, idle, ok, skipped } from './check.ts';

const NAME = 'livekit-switchboard-doctor';
const WHERE_KEYS_ARE =
  'LiveKit Cloud: Settings, API keys; your own server: `keys` in its configuration';

export function liveKitCheck({ settings, options }: Config): Check {
  const { url, keys } = settings.livekit;
  const host = url === undefined ? '' : hostOf(url);
  return {
    name: 'LiveKit',
    async run() {
      if (keys === undefined) return missingKeys(options);
      if (url === undefined) {
        return skipped(
          'LIVEKIT_URL is not set: the keys were not tried, and clients are told no URL',
        );
      }
      const { RoomServiceClient } = await import('livekit-server-sdk');
      const { apiKey, apiSecret } = keys;
      const client = new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret, {
        failover: false,
        requestTimeout: 1 + CHECK_TIMEOUT_MS / 1000,
      });
      // One name, so that a busy server need not list everything.
      await client.listRooms([NAME]);
      return ok(`${host} accepts the API key and secret`);
    },
    explain: (error) =>
      explainLiveKit(error, { host, variable: 'LIVEKIT_URL', withoutTls: 'ws://' }),
  };
}

function missingKeys({ livekitApiKey, livekitApiSecret }: Config['options']): Finding {
  const missing = [
    livekitApiKey ? undefined : 'LIVEKIT_API_KEY',
    livekitApiSecret ? undefined : 'LIVEKIT_API_SECRET',
  ].filter((name) => name !== undefined);
  return failed(
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set: no token can be handed out`,
    `set ${missing.join(' and ')} (${WHERE_KEYS_ARE})`,
  );
}

function explainLiveKit(error: unknown, place: Place): Finding {
  const { host } = place;
  const { status, message } = error as { status?: unknown; message?: unknown };
  if (status === 401) return refusedKeys(String(message), host);
  if (typeof status === 'number' && status >= 500) {
    return failed(
      `${host} answers ${status}`,
      `look at the log of LiveKit, or of the proxy before it`,
    );
  }
  const fix =
    'let LIVEKIT_URL be the address of LiveKit itself, as its console or operator names it';
  if (typeof status === 'number') {
    return failed(`${status} from ${host}: not a LiveKit server, or something in front of it`, fix);
  }
  const fault = networkFault(error, place);
  if (fault !== undefined) return fault;
  const isNetworks = error instanceof TypeError && error.message === 'fetch failed';
  return isNetworks
    ? unexpected(error, host)
    : failed(`${host} answers something else than a list of rooms: not a LiveKit server`, fix);
}

/** By LiveKit's own sentence, which holds the whole token: it is read here and never shown. */
function refusedKeys(message: string, host: string): Finding {
  if (message.startsWith('invalid API key')) {
    return failed(
      `401 from ${host}: it has no such API key`,
      `set LIVEKIT_API_KEY to one of this very server, and its secret (${WHERE_KEYS_ARE})`,
    );
  }
  if (/not valid yet|is expired|\(nbf\)|\(exp\)/.test(message)) {
    return failed(
      `401 from ${host}: its clock and this machine's are apart`,
      'let the clocks of both be set by NTP',
    );
  }
  if (/signature|cryptographic/.test(message)) {
    return failed(
      `401 from ${host}: the API key is right and the secret is not`,
      `set LIVEKIT_API_SECRET to the secret of that key (${WHERE_KEYS_ARE})`,
    );
  }
  if (message === 'permissions denied') {
    return failed(
      `401 from ${host}: the Authorization header did not arrive`,
      `let what is in front of ${host} pass it on`,
    );
  }
  return failed(
    `401 from ${host}: the API key or the secret is not the server's`,
    `set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a pair of this very server (${WHERE_KEYS_ARE})`,
  );
}

export function tokenCheck({ keys, tokenTtlSeconds }: LiveKitSettings, clock: Clock): Check {
  const fix = 'this is a fault of livekit-switchboard itself: please report it';
  const name = 'Token';
  if (keys === undefined) return idle(name, 'none can be minted without the keys of LiveKit');
  return {
    name,
    async run() {
      const mint = createTokenMint({ ...keys, ttlSeconds: tokenTtlSeconds });
      const request = {
        user: userFromClaims(NAME, {}),
        roomName: NAME as RoomName,
        permissions: {},
      };
      const { token } = mint(request, clock.now());
      const { TokenVerifier } = await import('livekit-server-sdk');
      const verifier = new TokenVerifier(keys.apiKey, keys.apiSecret);
      const { sub, video } = await verifier.verify(token);
      const expected = { room: NAME, roomJoin: true, canPublish: true, canSubscribe: true };
      return sub === NAME && isDeepStrictEqual({ ...video }, expected)
        ? ok(`minted for ${tokenTtlSeconds} s and verified by LiveKit's own SDK`)
        : failed("LiveKit's own SDK reads something else in it", fix);
    },
    explain: () => failed("LiveKit's own SDK does not accept it", fix),
  };
}
