// Old calls go, and with the last of them whoever was in it.
import type { CallStore } from '../calls/store.ts';
import type { ChangeParts } from './change.ts';
import type { Row } from './sql/dialect.ts';

/** Each is a lock, of which a database has some thousands for all that it does. */
const PEOPLE_AT_ONCE = 50;

interface Old {
  readonly ids: readonly string[];
  readonly people: ReadonlySet<string>;
}

export function createForget({ engine, write }: ChangeParts): CallStore['forget'] {
  const { dialect } = engine;
  /** People are held before their calls, as a change holds them: nobody becomes a party meanwhile. */
  const forgetSome = ({ ids, people }: Old) => {
    const locks = [dialect.lockPeople([...people])].filter((lock) => lock !== undefined);
    const found = { text: write.lockEnded, values: [dialect.list(ids)] };
    return engine.transact([...locks, found], (answers) => {
      const held = (answers.at(-1) ?? []).map(({ id }) => id as string);
      if (held.length === 0) return { queries: [], result: () => 0 };
      const uids = dialect.list([...people]);
      return {
        queries: [
          { text: write.forget, values: [dialect.list(held)] },
          { text: write.forgetPeople, values: [engine.clockValue(), uids] },
          { text: write.forgetNames, values: [uids] },
        ],
        result: () => held.length,
      };
    });
  };
  return async (ms, limit) => {
    const values = [engine.clockValue(), ms, limit];
    const [rows = []] = await engine.ask([{ text: write.endedBefore, values }]);
    let count = 0;
    for (const some of batchesOf(rows)) count += await forgetSome(some);
    return count;
  };
}

function batchesOf(rows: readonly Row[]): Old[] {
  const batches: { ids: string[]; people: Set<string> }[] = [];
  for (const row of rows) {
    const people = JSON.parse((row.people as string | null) ?? '[]') as string[];
    const last = batches.at(-1);
    const isFull = last === undefined || last.people.size + people.length > PEOPLE_AT_ONCE;
    const batch = isFull ? { ids: [], people: new Set<string>() } : last;
    if (isFull) batches.push(batch);
    batch.ids.push(row.id as string);
    for (const uid of people) batch.people.add(uid);
  }
  return batches;
}
