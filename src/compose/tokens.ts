// The token route: who may call and who may enter a room are known here, LiveKit's keys sign.
import type { RoomAccess } from '../access/room-access.ts';
import { andThen } from '../base/and-then.ts';
import { type Mint, tokenPathUnder, tokenRoute } from '../routes/token.ts';
import type { Settings } from '../settings/settings.ts';
import { createTokenMint } from '../tokens/livekit-token.ts';
import type { Admission } from './admission.ts';
import type { CallRooms } from './calls-part.ts';
import type { Limits } from './limits.ts';
import type { Ground, Part } from './part.ts';
import type { Rooms } from './room-access.ts';

export function createTokens(
  { livekit, limits, front }: Settings,
  { clock, log, metrics }: Ground,
  by: { admission: Admission; limits: Limits; rooms: Rooms; callRooms: CallRooms | undefined },
): Part {
  const { keys, missingKeys, tokenTtlSeconds: ttlSeconds } = livekit;
  const variables = missingKeys.map(({ variable }) => variable);
  const options = missingKeys.map(({ option }) => option);
  const fix = `set ${variables.join(' and ')} (as options: ${options.join(', ')})`;
  if (keys === undefined) {
    log.error(
      {},
      `LiveKit server keys are not configured: ${fix}; until then no token is handed out`,
    );
  }
  const mintToken = keys && createTokenMint({ ...keys, ttlSeconds });
  const mint: Mint | undefined = mintToken && ((request) => mintToken(request, clock.now()));
  const { rooms, callRooms } = by;
  const access = callRooms === undefined ? rooms.access : accessTo(callRooms, rooms);
  return {
    routes: [
      tokenRoute({
        path: tokenPathUnder(front.basePath),
        admit: by.admission.users(by.limits.limit('token', limits.tokenRatePerMinute)),
        access: (request) => andThen(access(request), ({ permissions }) => permissions),
        mint: mint && (callRooms === undefined ? mint : mintFor(callRooms, mint)),
        whyNoMint: fix,
        serverUrl: livekit.url,
        onMinted: metrics.tokenMinted,
      }),
    ],
    missing: () => (keys === undefined ? [`LiveKit keys (${variables.join(', ')})`] : []),
  };
}

const accessTo =
  (calls: CallRooms, others: Rooms): RoomAccess =>
  (request) =>
    (calls.isOurs(request.roomName) ? calls : others).access(request);

const mintFor =
  (calls: CallRooms, others: Mint): Mint =>
  (request) =>
    calls.isOurs(request.roomName) ? calls.mint(request) : others(request);
