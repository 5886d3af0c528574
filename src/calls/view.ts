// A call as JSON, as one of its people may see it. Fields are added, never renamed: old apps live
// for years.
import type { CallId, DeviceId, UserId } from '../base/ids.ts';
import {
  type Call,
  type CallKind,
  type CallState,
  type Outcome,
  type Party,
  type PartyState,
  partyOf,
  type Reason,
} from './call.ts';

/** A call as one of its people sees it. Times are RFC 3339 with milliseconds. */
export interface CallView {
  readonly id: CallId;
  /** Rises with every change that the reader can see; each reader has his own. */
  readonly version: number;
  readonly kind: CallKind;
  readonly context?: string;
  readonly data?: unknown;
  readonly isGroup: boolean;
  readonly state: CallState;
  /** For the reader: he may have missed a call that others answered. */
  readonly outcome?: Outcome;
  readonly reason?: Reason;
  readonly createdAt: string;
  readonly activeAt?: string;
  readonly endedAt?: string;
  /** From the arrival of the second person to the end; not for who has missed or declined it. */
  readonly talkSeconds?: number;
  readonly caller: UserId;
  /**
   * For the caller while it rings: to how many of those who ring there was a way, a device for pushes
   * or an open feed. 0: nobody may hear of it.
   */
  readonly reach?: number;
  readonly me: MyPart;
  readonly parties: readonly PartyView[];
}

export interface MyPart {
  readonly role: Party['role'];
  readonly state: PartyState;
  /** That holds my seat, or held it last. */
  readonly device?: DeviceId;
  /** For how long to ring on; 0: no longer, though an answer still counts. */
  readonly ringSeconds?: number;
  readonly reason?: Reason;
}

export interface PartyView {
  readonly uid: UserId;
  readonly role: Party['role'];
  readonly state: PartyState;
  /** For the caller: a phone of this one, who rings, has said that it does. */
  readonly isAlerting?: true;
  readonly name?: string;
  readonly picture?: string;
}

/** An entry of somebody's history. */
export interface HistoryEntry extends CallView {
  readonly direction: 'incoming' | 'outgoing';
}

export interface Sight {
  /** The store's time. */
  readonly now: number;
  /** Whose name and picture: everybody's, or of callees only of those who have answered. */
  readonly showsNames: 'always' | 'answered';
}

/** The call exists for its people, and for none from whom it is hidden. */
export const canSee = (call: Call, uid: string): boolean => partyOf(call, uid)?.isHidden === false;

/** `uid` must be one of those who can see it. */
export function viewOf(call: Call, uid: UserId, sight: Sight): CallView {
  const own = partyOf(call, uid);
  if (own === undefined || own.isHidden) throw new TypeError('not a call of this person');
  const { id, kind, context, data, isGroup, state, caller } = call;
  const became = becameOf(call, own);
  return defined({
    ...{ id, version: own.version, kind, context },
    data: data === undefined ? undefined : (JSON.parse(data) as unknown),
    ...{ isGroup, state },
    ...became,
    createdAt: timeOf(call.createdAt),
    activeAt: timeOf(call.activeAt),
    endedAt: timeOf(call.endedAt),
    talkSeconds: became.outcome === 'answered' ? talkSecondsOf(call) : undefined,
    caller,
    reach: uid === caller && state === 'ringing' ? reachOf(call) : undefined,
    me: myPartOf(own, sight.now),
    parties: call.parties.map((party) => partyViewOf(party, { reader: own, sight })),
  });
}

export const historyEntryOf = (call: Call, uid: UserId, sight: Sight): HistoryEntry => ({
  ...viewOf(call, uid, sight),
  direction: call.caller === uid ? 'outgoing' : 'incoming',
});

/** What became of it for him. Who was busy, or still rang when others were through, has missed it. */
function becameOf(call: Call, { state, reason }: Party) {
  const { outcome } = call;
  if (outcome === undefined) return {};
  if (state === 'missed' || state === 'busy') return { outcome: 'missed' as const, reason };
  if (state === 'declined') return { outcome: 'declined' as const, reason };
  if (state === 'cancelled' && outcome !== 'cancelled')
    return { outcome: 'missed' as const, reason };
  return { outcome, reason: call.reason };
}

export function talkSecondsOf({ talkAt, endedAt }: Call): number | undefined {
  if (talkAt === undefined || endedAt === undefined) return undefined;
  // A clock that was set back is no talk of less than nothing.
  return Math.max(0, Math.floor((endedAt - talkAt) / 1_000));
}

function myPartOf({ role, state, device, ringEndsAt, reason }: Party, now: number): MyPart {
  const isRinging = state === 'ringing' && ringEndsAt !== undefined;
  const ringSeconds = isRinging ? Math.max(0, Math.ceil((ringEndsAt - now) / 1_000)) : undefined;
  return defined({ role, state, device, ringSeconds, reason });
}

/**
 * Of those who ring; whoever is only believed to do so counts as well. How many ways there are to
 * each is nobody's business: from call to call it would tell who is just looking at the app, and it
 * would tell the blocked.
 */
function reachOf({ parties }: Call): number | undefined {
  const known = parties.filter(({ state, reach }) => state === 'ringing' && reach !== undefined);
  if (known.length === 0) return undefined;
  return known.filter(({ reach }) => reach !== 0).length;
}

function partyViewOf(
  party: Party,
  { reader, sight: { showsNames } }: { reader: Party; sight: Sight },
): PartyView {
  const { uid, role, state, name, picture, answeredAt, alertedAt } = party;
  const isShown =
    showsNames === 'always' || role === 'caller' || uid === reader.uid || answeredAt !== undefined;
  const isAlerting =
    reader.role === 'caller' && state === 'ringing' && alertedAt !== undefined
      ? (true as const)
      : undefined;
  return defined({ uid, role, state, isAlerting, ...(isShown ? { name, picture } : {}) });
}

export function timeOf(at: number): string;
export function timeOf(at: number | undefined): string | undefined;
export function timeOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}

type Defined<Row> = {
  [Field in keyof Row as undefined extends Row[Field] ? never : Field]: Row[Field];
} & {
  [Field in keyof Row as undefined extends Row[Field] ? Field : never]?: Exclude<
    Row[Field],
    undefined
  >;
};

/** Without what is absent. */
export function defined<Row extends object>(row: Row): Defined<Row> {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== undefined),
  ) as Defined<Row>;
}
