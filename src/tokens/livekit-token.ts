// Permissions → LiveKit access token. The tests hold every claim against those of LiveKit's own SDK.
// Claims: https://docs.livekit.io/frontends/authentication/tokens/
import { createHs256 } from '../base/hs256.ts';
import type { RoomName } from '../base/ids.ts';
import type { RoomPermissions, TrackSource } from '../base/permissions.ts';
import { nameOf, pictureOf } from '../base/profile.ts';
import type { User } from '../base/user.ts';
import type { RoomConfig } from '../calls/room-config.ts';

/** A phone whose clock is slow throws a token "of the future" away and asks again and again. */
const NOT_BEFORE_LEEWAY_S = 60;

/** A LiveKit access token and when it stops opening the room. */
export interface LiveKitToken {
  readonly token: string;
  readonly expiresAt: Date;
}

export interface TokenRequest {
  readonly user: User;
  readonly roomName: RoomName;
  readonly permissions: RoomPermissions;
}

export type MintToken = (request: TokenRequest, nowMs: number) => LiveKitToken;

/** The `video` claim: joining this one room, and never roomCreate, roomAdmin, roomList or the like. */
interface VideoGrant {
  room: string;
  roomJoin: true;
  canPublish: boolean;
  canSubscribe: boolean;
  canPublishData?: boolean;
  canPublishSources?: readonly TrackSource[];
  canUpdateOwnMetadata?: true;
}

/** Answers a function that mints tokens of `ttlSeconds` with this key pair. */
export function createTokenMint(options: {
  apiKey: string;
  apiSecret: string;
  ttlSeconds: number;
  /** How LiveKit makes the room where its holder is the first to come. */
  roomConfig?: RoomConfig | undefined;
}): MintToken {
  const { apiKey, ttlSeconds, roomConfig } = options;
  const { sign } = createHs256(options.apiSecret);
  return ({ user, roomName, permissions }, nowMs) => {
    const now = Math.floor(nowMs / 1000);
    const expiresAtS = now + ttlSeconds;
    const picture = pictureOf(user);
    const claims = JSON.stringify({
      iss: apiKey,
      sub: user.uid,
      nbf: now - NOT_BEFORE_LEEWAY_S,
      exp: expiresAtS,
      name: nameOf(user),
      attributes: picture === undefined ? undefined : { picture },
      video: videoGrant(roomName, permissions),
      roomConfig,
    });
    return { token: sign(claims), expiresAt: new Date(expiresAtS * 1000) };
  };
}

function videoGrant(roomName: RoomName, permissions: RoomPermissions): VideoGrant {
  const { sources, canPublishData } = permissions;
  // LiveKit reads an empty list of sources as "every source" (livekit/protocol, auth/grants.go).
  const canPublish = permissions.canPublish !== false && sources?.length !== 0;
  const grant: VideoGrant = {
    room: roomName,
    roomJoin: true,
    canPublish,
    canSubscribe: permissions.canSubscribe !== false,
  };
  if (canPublishData !== undefined) grant.canPublishData = canPublishData;
  if (canPublish && sources !== undefined) grant.canPublishSources = sources;
  if (permissions.canUpdateOwnMetadata === true) grant.canUpdateOwnMetadata = true;
  return grant;
}
