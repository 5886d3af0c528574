// What this tab has seen of each call: the way of every party, and each event with its time. Kept over
// a reload.
import { firstNameOf, namesOf } from './people.js';
import { endOf, SEATED } from './words.js';

/** Causes that say nothing of the server’s. */
const OF_THE_CLIENT = ['answer', 'snapshot', 'ring_over'];
const CALLS_AT_MOST = 30;
const LINES_AT_MOST = 200;

/** How it began, by the server's clock. */
function beginningOf(call) {
  const callees = call.parties.filter(({ role }) => role === 'callee').map(({ uid }) => uid);
  // Who was called at first, and who invited later, is not told apart.
  const isKnown = call.state === 'ringing' || !call.isGroup;
  const whom = isKnown ? ` ${namesOf(callees, firstNameOf)}` : '';
  const line = (iso, text) => iso && { at: Date.parse(iso), text };
  return [
    line(call.createdAt, `${firstNameOf(call.caller)} calls${whom}, ${call.kind}`),
    line(call.activeAt, 'the call: ringing → active'),
  ].filter(Boolean);
}

const overTextOf = (call) =>
  endOf(call) + (call.talkSeconds === undefined ? '' : `, ${call.talkSeconds} s of talk`);

/** What the server's word changes, in sentences. */
function changesOf(before, call) {
  const changes = [];
  const add = (text) => changes.push(text);
  for (const { uid, state, isAlerting } of call.parties) {
    const { state: was, isAlerting: wasAlerting } =
      before?.parties.find((party) => party.uid === uid) ?? {};
    if (isAlerting && !wasAlerting) add(`${firstNameOf(uid)}: a phone says that it rings`);
    if (was === state) continue;
    add(`${firstNameOf(uid)}: ${was === undefined ? '' : `${was} → `}${state}`);
  }
  if (before !== undefined && before.state !== call.state) {
    add(`the call: ${before.state} → ${call.state}`);
  }
  if (call.state === 'ended' && before?.state !== 'ended') add(overTextOf(call));
  const held = SEATED.includes(before?.me.state) && SEATED.includes(call.me.state);
  if (held && before.me.device !== call.me.device) add('your seat is with another device now');
  return changes;
}

/** What this tab has not told yet, and which line of it the server's cause is about. */
function newsOf(before, call) {
  const changes = changesOf(before, call).map((text) => ({ text }));
  if (before !== undefined) return { lines: changes, about: 0 };
  const lines = [...beginningOf(call), ...changes];
  // The news is that it rings; of a call in the middle it is what came last.
  return { lines, about: call.state === 'ringing' ? 0 : lines.length - 1 };
}

/** What is still to be said of a call that was over before this tab came. */
function linesOfThePast(call) {
  const end = { at: Date.parse(call.endedAt), text: overTextOf(call) };
  return [...beginningOf(call), end].map((line) => ({ from: 'server', ...line }));
}

export function createRecords(me) {
  const key = `life of ${me}`;
  const records = new Map(JSON.parse(sessionStorage.getItem(key) ?? '[]'));

  function keep() {
    const last = [...records].slice(-CALLS_AT_MOST);
    sessionStorage.setItem(key, JSON.stringify(last));
  }

  function add(record, line) {
    record.lines.push({ at: Date.now(), ...line });
    record.lines.splice(0, record.lines.length - LINES_AT_MOST);
  }

  return {
    get: (id) => records.get(id),
    /** The server's word. */
    learn({ call, cause, isHere }) {
      const record = records.get(call.id) ?? { ways: {}, lines: [] };
      const { version } = call;
      const { lines, about } = newsOf(record.call, call);
      for (const [index, line] of lines.entries()) {
        add(record, { from: 'server', ...line, ...(index === about && { version }) });
      }
      if (cause === 'ring_over') add(record, { from: 'server', text: 'the ring is over' });
      // The answer to a request may tell of it first, and the feed says why.
      const news = record.lines.find((line) => line.version === version);
      if (news && !OF_THE_CLIENT.includes(cause)) {
        // To every device of this person it is told as another's answer; here it was this tab's own.
        news.cause = isHere && cause === 'answered_elsewhere' ? 'accepted' : cause;
      }
      for (const { uid, state } of call.parties) {
        const way = record.ways[uid] ?? [];
        record.ways[uid] = way.at(-1) === state ? way : [...way, state];
      }
      record.call = call;
      record.heardAt = Date.now();
      records.set(call.id, record);
      keep();
    },
    /** Of a call that this tab has not lived through. */
    recall(call) {
      if (records.has(call.id)) return;
      const ways = Object.fromEntries(call.parties.map(({ uid, state }) => [uid, [state]]));
      records.set(call.id, { call, ways, lines: linesOfThePast(call), heardAt: Date.now() });
      keep();
    },
    line(id, from, text) {
      const record = records.get(id);
      if (record === undefined) return;
      add(record, { from, text });
      keep();
    },
  };
}
