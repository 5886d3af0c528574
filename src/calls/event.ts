// Everything that can happen to a call. HTTP, webhooks, timers and sweeps all come through here.
import type { CallId, DeviceId, InstallationId, RoomName, UserId } from '../base/ids.ts';
import type { CallKind } from './call.ts';
import type { HostEvent } from './host-event.ts';

/** Whom to ring; `isHidden`: the caller is to believe so. */
export interface Callee {
  readonly uid: UserId;
  readonly isHidden: boolean;
}

/** Somebody in LiveKit's room, as LiveKit says. */
export interface Present {
  readonly identity: string;
  readonly sid: string;
  readonly joinedAtMs: number;
}

export type CallEvent = { readonly callId: CallId } & (
  | {
      readonly type: 'place';
      readonly caller: UserId;
      readonly device: DeviceId;
      readonly callees: readonly Callee[];
      readonly kind: CallKind;
      readonly context?: string;
      /** JSON text. */
      readonly data?: string;
      /** For the call that it may become. */
      readonly room: RoomName;
      readonly requestHash: string;
      /** Where he did it: it may ring for the other's call, which it then answers. */
      readonly installation?: InstallationId;
    }
  | {
      readonly type: 'accept';
      readonly uid: UserId;
      readonly device: DeviceId;
      readonly takeOver: boolean;
      /** The call that is left for this one. */
      readonly instead?: CallId;
      /** He has taken seats too often: none before this is over. Whoever has this one keeps it. */
      readonly againInMs?: number;
      /** Where he did it, if that is known: its ring needs no push to stop. */
      readonly installation?: InstallationId;
    }
  | {
      readonly type: 'decline';
      readonly uid: UserId;
      readonly reason: 'declined' | 'busy' | 'timeout';
      readonly installation?: InstallationId;
    }
  | {
      readonly type: 'leave';
      readonly uid: UserId;
      readonly device?: DeviceId;
      readonly installation?: InstallationId;
    }
  /** One of his phones says that it rings. */
  | { readonly type: 'alerting'; readonly uid: UserId }
  /** Without a person: by the host's own code. */
  | { readonly type: 'end'; readonly uid?: UserId; readonly installation?: InstallationId }
  | { readonly type: 'invite'; readonly uid: UserId; readonly callees: readonly Callee[] }
  /** LiveKit's webhook `participant_joined`. */
  | { readonly type: 'joined'; readonly present: Present }
  /** LiveKit's webhook `participant_left`; the reason by its name in LiveKit's protocol. */
  | {
      readonly type: 'left';
      readonly present: Present;
      readonly disconnectReason: string;
      /** `participant_connection_aborted`: neither sound nor picture of this session was ever up. */
      readonly wasNeverUp?: true;
    }
  /**
   * What `listParticipants` answered; `takenAt` is the store's time before it was asked. Undefined:
   * no answer, which changes nothing but when to ask again.
   */
  | {
      readonly type: 'sweep';
      readonly takenAt: number;
      readonly present: readonly Present[] | undefined;
      /** Whose seat stands in somebody's way: where he is absent it is free at once, without grace. */
      readonly frees?: UserId;
    }
  /** A deadline has passed. */
  | { readonly type: 'tick' }
);

/** A refusal, as a code of base/errors.ts. */
export type CallRefusal =
  | 'call_id_taken'
  | 'answered_elsewhere'
  | 'in_another_call'
  | 'call_ended'
  | 'call_full'
  | 'not_caller'
  | 'not_found'
  /** Whoever asks has asked for seats too often. */
  | 'rate_limited'
  | 'ring_limited';

/** What must be done beside the rows, after the commit, by whoever takes it. Each lane has its own loop. */
export interface Effects {
  /** At LiveKit. */
  readonly livekit:
    | {
        /** Not waited for; for servers that make no room by themselves. */
        readonly type: 'create_room';
      }
    | { readonly type: 'delete_room' }
    /** Somebody whose place is not there: unknown or still ringing. */
    | { readonly type: 'remove_participant'; readonly identity: string };
  /** To phones, through FCM, APNs or the host's own sender. */
  readonly push:
    | {
        readonly type: 'ring';
        readonly uid: UserId;
        /** Since when he rings: who is invited anew rings anew, in the same call. */
        readonly ringAt: number;
      }
    | ({
        readonly type: 'stop_ring';
        readonly uid: UserId;
        /** Of the ring that is over: the end of a later one stops whatever this one has left. */
        readonly ringAt: number;
      } & RingStop);
  /** To the host: in the order of `event.sequence`, a call and a target. */
  readonly host: {
    readonly type: 'host_event';
    /** Of {@link CallRules.hostTargets}. */
    readonly target: string;
    readonly event: HostEvent;
  };
}
export type Lane = keyof Effects;
export type Effect = Effects[Lane];

export const RING_ENDS = [
  'answered_elsewhere',
  'declined_elsewhere',
  /** The caller has left or was lost. */
  'cancelled',
  /** It rang for as long as it may. */
  'over',
  /** The call has ended in another way. */
  'ended',
] as const;
/** Why a phone stops ringing. */
export type RingEnd = (typeof RING_ENDS)[number];

export interface RingStop {
  readonly cause: RingEnd;
  /** Where he answered or declined: nothing is pushed to it. */
  readonly installation?: InstallationId;
  /** That holds his seat now: a phone that reads its own name here goes on. */
  readonly device?: DeviceId;
}
