// What a person is told of a call, and what a developer is told of its states.
import { firstNameOf } from './people.js';

/** A few words under a name in the list of calls. */
export function outcomeOf(call) {
  const mine = call.me.role === 'caller';
  switch (call.outcome) {
    case 'answered':
      return call.talkSeconds === undefined ? 'Answered' : `Talked ${duration(call.talkSeconds)}`;
    case 'missed':
      if (call.reason === 'busy') return 'Missed: you were in a call';
      return mine ? 'No answer' : 'Missed';
    case 'declined':
      return mine ? 'Declined' : 'You declined';
    case 'busy':
      return 'Busy';
    case 'cancelled':
      return mine ? 'You hung up' : 'Missed';
    case 'failed':
      return 'Did not connect';
    default:
      return 'Over';
  }
}

/** The server's own words: each once. */
export const endOf = ({ outcome, reason }) =>
  [...new Set([outcome, reason])].filter(Boolean).join(', ');

/** Only what the outcome does not say by itself. */
const REASONS = {
  caller_lost: 'The caller’s connection was lost',
  connection_lost: 'The connection was lost',
  never_joined: 'Accepted, and never came into the room',
  alone: 'One was left alone for too long',
  max_duration: 'The longest time for a call was over',
  ended_for_all: 'Ended for everybody',
  ended_by_host_app: 'Ended by the app',
  replaced: 'Another call took its place',
};

/** What is told to somebody who did not end it: of a call of two that is the other one. */
export function overOf(call, me) {
  const others = call.parties.map(({ uid }) => uid).filter((uid) => uid !== me);
  const other = others.length === 1 ? firstNameOf(others[0]) : undefined;
  const outcome = outcomeOf(call);
  if (call.outcome === 'declined' && call.caller === me && other) return `${other} declined`;
  const isHungUp = call.reason === 'hangup' && call.outcome !== 'cancelled';
  const reason = isHungUp ? `${other ?? 'Somebody'} hung up` : REASONS[call.reason];
  return [outcome, reason].filter(Boolean).join(' · ');
}

/** What a party's state means. */
export const STATES = {
  ringing: 'is being rung',
  joining: 'has a seat, and is not in the room yet',
  joined: 'has a seat, and is in the room',
  lost: 'has a seat, and fell out of the room',
  left: 'has given up the seat',
  declined: 'said no',
  missed: 'did not answer in time',
  busy: 'sits in another call: no ring',
  cancelled: 'was still rung when it ended',
};

export const SEATED = ['joining', 'joined', 'lost'];

/** What went wrong, for whoever pressed a button. */
const REFUSALS = {
  answered_elsewhere: 'You have answered in another tab.',
  call_ended: 'That call is over.',
  in_another_call: 'You are in another call already.',
  call_full: 'The call is full.',
  ring_limited: 'Rung too often without an answer. Wait some minutes.',
  rate_limited: 'Too many requests. Wait a moment.',
  not_caller: 'Only who called can end it for everybody.',
  ring_forbidden: 'You may not call them: the rule for rings says no.',
  streams_full: 'You are signed in in too many tabs.',
  network: 'The server does not answer. Is it still running?',
  timeout: 'The server does not answer in time.',
};
/** By the browser, of a microphone or a camera. */
const DEVICE_REFUSALS = {
  NotFoundError: 'There is no such device here.',
  NotAllowedError: 'The browser does not let this page use it.',
  NotReadableError: 'The device cannot be used: another program has it.',
};
export const refusalOf = (error) =>
  DEVICE_REFUSALS[error.name] ??
  REFUSALS[error.code] ??
  (error.code ? `${error.message} (${error.code})` : error.message);

/** `1:05`, `1:02:03` */
export function duration(seconds) {
  const parts = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    Math.floor(seconds) % 60,
  ];
  const [hours, minutes, rest] = parts;
  const two = (number) => String(number).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** The time of day, as in the terminal. */
export const timeOf = (at) => new Date(at).toTimeString().slice(0, 8);

/** When, in few words: the time today, and the day before that. */
export function whenOf(iso) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? timeOf(date).slice(0, 5)
    : date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}
