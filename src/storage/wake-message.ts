// What instances tell each other with a commit. A hint and no more: the tables are the truth.

export interface WakeMessage {
  /** The instance that has told its own already. */
  readonly from: string;
  /** Of people; undefined: too many to name. */
  readonly topics?: readonly string[];
  /** In how many ms the earliest deadline is that was written. */
  readonly dueMs?: number;
}

/** Postgres takes 8,000 bytes, and a topic is eight. */
const TOPICS_MAX = 700;
const EVERYBODY = '*';

export function messageOf({ from, topics = [], dueMs }: WakeMessage): string {
  const who = topics.length > TOPICS_MAX ? EVERYBODY : topics.join();
  return `${from} ${dueMs ?? ''} ${who}`;
}

export function readMessage(text: string): WakeMessage {
  const [from = '', ms = '', who = EVERYBODY] = text.split(' ');
  return {
    from,
    ...(who !== EVERYBODY && { topics: who === '' ? [] : who.split(',') }),
    ...(/^\d+$/.test(ms) && { dueMs: Number(ms) }),
  };
}
