// A call as the server's JSON has it. Fields are added over the years, and never renamed.

/** How to ring and what to open with. It forbids nothing. */
export type CallKind = 'audio' | 'video';

export type CallState = 'ringing' | 'active' | 'ended';

/** What became of a call that has ended. */
export type Outcome = 'answered' | 'missed' | 'declined' | 'busy' | 'cancelled' | 'failed';

/** Why a call, or one person's part in it, has ended. */
export type Reason =
  | 'hangup'
  | 'ring_timeout'
  | 'declined'
  | 'busy'
  | 'caller_lost'
  | 'connection_lost'
  | 'never_joined'
  | 'alone'
  | 'max_duration'
  | 'ended_for_all'
  | 'ended_by_host_app'
  | 'replaced';

export type PartyState =
  | 'ringing'
  | 'joining'
  | 'joined'
  | 'lost'
  | 'left'
  | 'declined'
  | 'missed'
  | 'busy'
  | 'cancelled';

/** The last change of a call, as the feed names it. */
export type Cause =
  | 'ringing'
  | 'alerting'
  | 'accepted'
  | 'answered_elsewhere'
  | 'declined'
  | 'missed'
  | 'cancelled'
  | 'joined'
  | 'lost'
  | 'left'
  | 'invited'
  | 'ended';

/** The reader's own part in a call. */
export interface Me {
  readonly role: 'caller' | 'callee';
  readonly state: PartyState;
  /** That holds the seat, or held it last. */
  readonly device?: string;
  /** How much longer to ring, counted from the answer; 0 in the answer grace. */
  readonly ringSeconds?: number;
  readonly reason?: Reason;
}

export interface CallParty {
  readonly uid: string;
  readonly role: 'caller' | 'callee';
  readonly state: PartyState;
  readonly name?: string;
  readonly picture?: string;
  /** For the caller, while it rings: a phone of this person has said that it rings. */
  readonly isAlerting?: true;
}

/** A call as one person may see it. Times are RFC 3339 with milliseconds. */
export interface CallView {
  /** A UUID in small letters. */
  readonly id: string;
  /** Rises with every change that this person can see. */
  readonly version: number;
  readonly kind: CallKind;
  /** What it is about: a chat's id. */
  readonly context?: string;
  /** What the caller's app has put there. */
  readonly data?: unknown;
  readonly isGroup: boolean;
  readonly state: CallState;
  readonly outcome?: Outcome;
  readonly reason?: Reason;
  readonly createdAt: string;
  readonly activeAt?: string;
  readonly endedAt?: string;
  /** From the second person's arrival in the room to the end. */
  readonly talkSeconds?: number;
  /** The uid of whoever placed it. */
  readonly caller: string;
  /**
   * For the caller, while it rings: to how many of those who are rung there is a way, a device or an
   * open feed. 0: nobody will hear it.
   */
  readonly reach?: number;
  readonly me: Me;
  /** The caller first. */
  readonly parties: readonly CallParty[];
}

/** A call in a list. */
export interface ListedCall extends CallView {
  /** From this person, or to them. */
  readonly direction: 'incoming' | 'outgoing';
}

/**
 * Whether a phone rings for this call: if and only if the person is being rung, and the time for it
 * is not over. In the answer grace it is not, though an accept still counts.
 */
export const isRinging = ({ me }: CallView): boolean =>
  me.state === 'ringing' && (me.ringSeconds ?? 0) > 0;

export const isEnded = ({ state }: CallView): boolean => state === 'ended';

/** Whether this device is the one that is in the call. */
export const isHere = ({ me }: CallView, device: string): boolean =>
  me.device === device && (me.state === 'joining' || me.state === 'joined' || me.state === 'lost');
