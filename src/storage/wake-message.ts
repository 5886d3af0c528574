// What instances tell each other with a commit. A hint and no more: the tables are the truth.
import { allDueIn, type DueTimes } from './wake.ts';

export interface WakeMessage {
  /** The instance that has told its own already. */
  readonly from: string;
  /** Of people; undefined: too many to name. */
  readonly topics?: readonly string[];
  readonly due?: DueTimes;
}

/** Postgres takes 8,000 bytes, and a topic is eight. */
const TOPICS_MAX = 700;
const EVERYBODY = '*';

/** An instance of an older version reads no more than the first three words. */
export function messageOf({ from, topics = [], due = {} }: WakeMessage): string {
  const who = topics.length > TOPICS_MAX ? EVERYBODY : topics.join();
  const times = Object.entries(due);
  const first = times.length === 0 ? '' : Math.min(...times.map(([, ms]) => ms));
  return `${from} ${first} ${who} ${times.map(([of, ms]) => `${of}:${ms}`).join()}`;
}

export function readMessage(text: string): WakeMessage {
  const [from = '', first = '', who = EVERYBODY, times = ''] = text.split(' ');
  const due = dueOf(first, times);
  return {
    from,
    ...(who !== EVERYBODY && { topics: who === '' ? [] : who.split(',') }),
    ...(due !== undefined && { due }),
  };
}

function dueOf(first: string, times: string): DueTimes | undefined {
  if (!isTime(first)) return undefined;
  const all = allDueIn(Number(first));
  const named = times.split(',').flatMap((time) => {
    const [of = '', ms = ''] = time.split(':');
    return Object.hasOwn(all, of) && isTime(ms) ? [[of, Number(ms)]] : [];
  });
  // An older version names none.
  return named.length === 0 ? all : Object.fromEntries(named);
}

const isTime = (text: string): boolean => /^\d+$/.test(text);
