// What LiveKit says of who is in the room: its webhooks, and its answers when it is asked. Webhooks
// make it fast; only an answer takes somebody's seat.
import type { UserId } from '../base/ids.ts';
import { PROOF_MS } from './answer.ts';
import {
  type Call,
  isLive,
  isSeated,
  type Party,
  partyOf,
  type Reason,
  type TimerKey,
} from './call.ts';
import {
  arm,
  type Draft,
  deleteRoom,
  disarm,
  move,
  remove,
  setCall,
  setParty,
  tell,
} from './draft.ts';
import { settle } from './ending.ts';
import type { Present } from './event.ts';
import { isNewer, isOver } from './session.ts';
import { done, type EventOf, refused, type Stage, type Verdict } from './stage.ts';

const WATCH_MS = 60_000;
const WATCH_WITHOUT_WEBHOOKS_MS = 20_000;
/** livekit-client says so before every full reconnect. */
const CLIENT_INITIATED_GRACE_MS = 5_000;
/** After a question that got no answer. */
const ASK_AGAIN_MS = 5_000;
/** A session this young may have begun after the list was made: LiveKit's clock is not the store's. */
const FRESH_SESSION_MS = 5_000;

/** The person goes on in another session, or the same one on another node. */
const GOES_ON: readonly string[] = ['DUPLICATE_IDENTITY', 'MIGRATION'];

export const watchMs = ({ heard }: Call): number =>
  heard === 'webhook' ? WATCH_MS : WATCH_WITHOUT_WEBHOOKS_MS;

export function joined({ call: draft, now }: Stage, { present }: EventOf<'joined'>): Verdict {
  if (draft === undefined) return refused('not_found');
  if (!isLive(draft.call)) {
    // A late join has made the room again.
    deleteRoom(draft);
    return done(draft);
  }
  hearWebhook(draft);
  const party = partyOf(draft.call, present.identity);
  if (party === undefined || party.isHidden) remove(draft, present.identity);
  else if (!isOver(party, present)) enter(draft, { party, present, event: 'joined' });
  noteTalk(draft, now);
  return done(draft);
}

export function left(stage: Stage, event: EventOf<'left'>): Verdict {
  const { call: draft, now } = stage;
  const { present, disconnectReason } = event;
  if (draft === undefined) return refused('not_found');
  if (!isLive(draft.call)) return done(draft);
  hearWebhook(draft);
  const party = partyOf(draft.call, present.identity);
  if (party === undefined || !isSeated(party) || GOES_ON.includes(disconnectReason)) {
    return done(draft);
  }
  if (isOver(party, present)) return done(draft);
  if (party.sid !== present.sid) {
    // Of a session that nobody has talked in; who was to come by it is waited for as before.
    if (event.wasNeverUp) return done(draft);
    // It has overtaken the news that this session had begun.
    enter(draft, { party, present, event: 'joined' });
    noteTalk(draft, now);
  }
  setParty(draft, party.uid, { goneSid: present.sid });
  const isBrief = disconnectReason === 'CLIENT_INITIATED';
  const { reconnectGraceMs } = draft.rules;
  lose(draft, party.uid, {
    event: 'left',
    graceUntil:
      now + (isBrief ? Math.min(CLIENT_INITIATED_GRACE_MS, reconnectGraceMs) : reconnectGraceMs),
  });
  return done(draft);
}

/** LiveKit was asked. No answer changes nothing but when to ask again. */
export function sweep(stage: Stage, event: EventOf<'sweep'>): Verdict {
  const { call: draft, now } = stage;
  const { present, takenAt } = event;
  if (draft === undefined) return refused('not_found');
  if (!isLive(draft.call)) {
    if (present !== undefined && present.length > 0) deleteRoom(draft);
    return done(draft);
  }
  if (present === undefined) {
    askAgain(draft, now);
    return done(draft);
  }
  hearAnswer(draft, takenAt);
  const wasSilent = draft.call.timers.has('silence');
  disarm(draft, 'silence');
  for (const someone of present) {
    const party = partyOf(draft.call, someone.identity);
    if (party === undefined || party.isHidden) remove(draft, someone.identity);
    else if (isBelieved(draft.call, someone, takenAt)) see(draft, party, someone);
  }
  noteTalk(draft, now);
  const there = new Set(present.map(({ identity }) => identity));
  for (const { uid } of draft.call.parties) {
    const isFreed = event.frees === uid;
    if (!there.has(uid)) miss(stage, draft, { uid, takenAt, isFreed, wasSilent });
  }
  if (isLive(draft.call)) {
    arm(draft, 'watch', now + watchMs(draft.call));
    if (isDue(draft.call, 'proof', takenAt)) disarm(draft, 'proof');
  }
  return done(draft);
}

function see(draft: Draft, party: Party, present: Present): void {
  const isNewSession = party.state === 'joined' && isNewer(party, present);
  enter(draft, { party, present, event: isNewSession ? 'joined' : 'seen' });
}

function enter(
  draft: Draft,
  { party, present, event }: { party: Party; present: Present; event: 'joined' | 'seen' },
): void {
  const { state, uid, sid } = party;
  const isKnown = state === 'joined' && sid === present.sid;
  if (isKnown) return;
  const session = { sid: present.sid, sidAt: present.joinedAtMs, goneSid: undefined };
  if (!move(draft, { uid, event }, session)) return;
  if (isSeated(party) && state !== 'joined') tell(draft, 'joined');
}

function lose(
  draft: Draft,
  uid: UserId,
  { event, graceUntil }: { event: 'left' | 'absent'; graceUntil: number },
): void {
  if (!move(draft, { uid, event })) return;
  arm(draft, `grace:${uid}`, graceUntil);
  tell(draft, 'lost');
}

/** LiveKit does not list him. */
function miss(
  { now, rules }: Stage,
  draft: Draft,
  by: { uid: UserId; takenAt: number; isFreed: boolean; wasSilent: boolean },
): void {
  const { uid, takenAt, isFreed } = by;
  const { call } = draft;
  const party = partyOf(call, uid);
  if (party === undefined || !isSeated(party) || !isLive(call)) return;
  const isOutside = call.state === 'ringing' && party.state === 'joining';
  if (isOutside || isFresh(party, { now, takenAt })) return;
  if (party.state === 'joined' && !isFreed) {
    lose(draft, uid, { event: 'absent', graceUntil: now + rules.reconnectGraceMs });
    return;
  }
  if (!isFreed && !isDue(call, `grace:${uid}`, takenAt)) return;
  // As long as LiveKit was away he could not come back, and he needs some time to notice.
  if (!isFreed && by.wasSilent) {
    arm(draft, `grace:${uid}`, now + rules.reconnectGraceMs);
    return;
  }
  if (call.heard === 'nothing') setCall(draft, { heard: 'answer' });
  const reason = lossOf(call, party);
  move(draft, { uid, event: isFreed ? 'freed' : 'absent' }, { leftAt: now, reason });
  tell(draft, 'left');
  settle(draft, now, reason);
}

function lossOf(call: Call, { state, sid }: Party): Reason {
  if (call.state === 'ringing') return 'caller_lost';
  return state === 'joining' || sid === undefined ? 'never_joined' : 'connection_lost';
}

/** What has changed since the list was made is not judged by it. */
function isFresh(
  { seatedAt = 0, sidAt, state }: Party,
  { now, takenAt }: { now: number; takenAt: number },
): boolean {
  if (seatedAt >= takenAt) return true;
  // A time that has not come yet is of a clock that is ahead, and says nothing.
  return (
    state === 'joined' && sidAt !== undefined && sidAt <= now && sidAt > takenAt - FRESH_SESSION_MS
  );
}

/** A list that shows a session of the past was overtaken by a webhook, unless it was made well after it. */
function isBelieved(call: Call, present: Present, takenAt: number): boolean {
  const party = partyOf(call, present.identity);
  return (
    party === undefined || !isOver(party, present) || isDue(call, `grace:${party.uid}`, takenAt)
  );
}

function isDue({ timers }: Call, key: TimerKey, at: number): boolean {
  const due = timers.get(key);
  return due !== undefined && due <= at;
}

/** Two who have been in the room together have talked, from the arrival of the second. */
function noteTalk(draft: Draft, now: number): void {
  const { activeAt, talkAt, parties } = draft.call;
  if (activeAt === undefined || talkAt !== undefined) return;
  const arrivals = parties
    .filter(({ state }) => state === 'joined')
    .map(({ sidAt = now }) => sidAt)
    .sort((one, other) => one - other);
  const second = arrivals[1];
  if (second !== undefined) setCall(draft, { talkAt: Math.min(now, Math.max(activeAt, second)) });
}

function hearWebhook(draft: Draft): void {
  if (draft.call.heard !== 'webhook') setCall(draft, { heard: 'webhook' });
  disarm(draft, 'proof');
}

/** An answer says something of an accepted call once people have had the time to come. */
function hearAnswer(draft: Draft, takenAt: number): void {
  const { activeAt, heard } = draft.call;
  if (heard !== 'nothing' || activeAt === undefined || takenAt < activeAt + PROOF_MS) return;
  setCall(draft, { heard: 'answer' });
}

/** What is due is a question: verdicts that were have been applied. */
function askAgain(draft: Draft, now: number): void {
  let againAt = Number.POSITIVE_INFINITY;
  for (const [key, dueAt] of draft.call.timers) {
    if (key === 'silence' || dueAt > now) continue;
    const at = now + (key === 'watch' ? watchMs(draft.call) : ASK_AGAIN_MS);
    arm(draft, key, at);
    againAt = Math.min(againAt, at);
  }
  // With one of the others: it asks nothing of its own.
  if (againAt < Number.POSITIVE_INFINITY) arm(draft, 'silence', againAt);
  else if (isDue(draft.call, 'silence', now)) disarm(draft, 'silence');
}
