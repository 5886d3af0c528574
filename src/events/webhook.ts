// LiveKit's webhooks: whether LiveKit has signed one, and what it says. LiveKit sends each at least
// once, in any order, or never; nothing here remembers any.
import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { createHs256, type Hs256 } from '../base/hs256.ts';
import type { RoomName } from '../base/ids.ts';
import type { Calls } from '../calls/apply-event.ts';
import { isLive } from '../calls/call.ts';
import type { Present } from '../calls/event.ts';
import { isCallRoom } from '../calls/room-config.ts';
import type { CallStore } from '../calls/store.ts';
import { fieldsOf, participantIn, presentOf } from './livekit-json.ts';
import type { Sweep } from './sweep.ts';
import type { WebhookWatch } from './webhook-watch.ts';

/** As for tokens: LiveKit's clock and ours. */
const LEEWAY_S = 60;

export interface KeyPair {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** `aborted`: gone before sound or picture was up. */
type Told = 'joined' | 'left' | 'aborted';

/** What a webhook of LiveKit's says about a room of ours. */
export type RoomEvent =
  | {
      readonly type: Told;
      readonly room: RoomName;
      readonly present: Present;
      readonly disconnectReason: string;
    }
  | { readonly type: 'finished'; readonly room: RoomName };

export interface WebhookVerifier {
  /** The hash of the body that was signed, in base64; or why it is none of LiveKit's, for the log. */
  signedHash(authorization: string | undefined): { hash: string } | { fault: string };
}

/** `keys`: all pairs of a rotation. */
export function createWebhookVerifier(options: {
  keys: readonly KeyPair[];
  clock: Clock;
}): WebhookVerifier {
  const { clock } = options;
  const pairs = options.keys.map(({ apiKey, apiSecret }) => ({
    apiKey,
    hs256: createHs256(apiSecret),
  }));
  return {
    signedHash(authorization) {
      if (authorization === undefined) return { fault: 'no Authorization header came' };
      const claims = claimsBy(pairs, authorization);
      if (claims === undefined) return { fault: 'none of our LiveKit keys has signed it' };
      const { exp, nbf, sha256 } = claims;
      const now = Math.floor(clock.now() / 1000);
      if (!isTime(exp) || exp + LEEWAY_S <= now) return { fault: 'its signature has expired' };
      if (isTime(nbf) && nbf - LEEWAY_S > now) return { fault: 'its signature is of the future' };
      return typeof sha256 === 'string' ? { hash: sha256 } : { fault: 'it is signed for no body' };
    },
  };
}

function claimsBy(pairs: readonly { apiKey: string; hs256: Hs256 }[], token: string) {
  for (const { apiKey, hs256 } of pairs) {
    const claims = hs256.claimsIn(token);
    if (claims !== undefined && claims.iss === apiKey) return claims;
  }
  return undefined;
}

export const hashOf = (body: Buffer): string => createHash('sha256').update(body).digest('base64');

/** Undefined for everything that is not about who is in a call. Throws for what is no JSON. */
export function roomEventIn(body: Buffer): RoomEvent | undefined {
  const { event, room, participant } = fieldsOf(JSON.parse(body.toString())) ?? {};
  const name = fieldsOf(room)?.name;
  if (typeof name !== 'string' || !isCallRoom(name)) return undefined;
  if (event === 'room_finished') return { type: 'finished', room: name };
  const type = TYPES.get(event);
  const who = type && participantIn(participant);
  if (type === undefined || who === undefined || !who.isPerson) return undefined;
  const { disconnectReason } = who;
  return { type, room: name, present: presentOf(who), disconnectReason };
}

const TYPES: ReadonlyMap<unknown, Told> = new Map([
  ['participant_joined', 'joined'],
  ['participant_left', 'left'],
  ['participant_connection_aborted', 'aborted'],
]);

/**
 * Whether it was about a call of this installation; rejects where LiveKit is to send it again.
 */
export type HandleRoomEvent = (event: RoomEvent) => Promise<boolean>;

export function createWebhookHandler(options: {
  store: Pick<CallStore, 'callInRoom'>;
  apply: Calls['apply'];
  sweep: Sweep;
  watch: WebhookWatch;
}): HandleRoomEvent {
  const { store, apply, sweep, watch } = options;
  return async (event) => {
    watch.arrived();
    const call = await store.callInRoom(event.room);
    // Of another installation that shares the LiveKit server: nothing of ours to judge or to end.
    if (call === undefined) return false;
    const { id: callId } = call;
    if (event.type === 'finished') {
      // LiveKit's next webhook of this room waits for this answer; the question need not.
      if (isLive(call)) sweep.soon(callId);
      return true;
    }
    const { type, present, disconnectReason } = event;
    if (type === 'joined') await apply({ type, callId, present });
    else {
      const wasNeverUp = type === 'aborted' && { wasNeverUp: true as const };
      await apply({ type: 'left', callId, present, disconnectReason, ...wasNeverUp });
    }
    return true;
  };
}

const isTime = (value: unknown): value is number => Number.isFinite(value);
