// Old calls go, and with the last of them the name and picture of whoever was in it.
import type { CallStore } from '../calls/store.ts';
import type { ChangeParts } from './change.ts';
import type { Row } from './dialect.ts';

/** Each is a lock, of which a database has some thousands for all that it does. */
const PEOPLE_AT_ONCE = 50;

export function createForget({ engine, write }: ChangeParts): CallStore['forget'] {
  const { dialect } = engine;
  const idsOf = (rows: readonly Row[] | undefined, column: string) =>
    (rows ?? []).map((row) => row[column] as string);
  /** Their parties are read before they are gone. */
  const forgetCalls = async (ms: number, limit: number) => {
    const found = { text: write.lockEnded, values: [engine.clockValue(), ms, limit] };
    return engine.transact([found], ([rows]) => {
      const ids = idsOf(rows, 'id');
      if (ids.length === 0) return { queries: [], result: () => ({ count: 0, people: [] }) };
      const list = dialect.list(ids);
      return {
        queries: [
          { text: write.peopleOf, values: [list] },
          { text: write.forget, values: [list] },
        ],
        result: ([people]) => ({ count: ids.length, people: idsOf(people, 'uid') }),
      };
    });
  };
  /** Held as a change holds them: nobody becomes a party meanwhile. */
  const forgetPeople = async (people: readonly string[]) => {
    const locks = dialect.lockPeople(people);
    const gone = { text: write.forgetPeople, values: [dialect.list(people)] };
    await engine.ask(locks === undefined ? [gone] : [locks, gone]);
  };
  return async (ms, limit) => {
    const { count, people } = await forgetCalls(ms, limit);
    for (let first = 0; first < people.length; first += PEOPLE_AT_ONCE) {
      await forgetPeople(people.slice(first, first + PEOPLE_AT_ONCE));
    }
    return count;
  };
}
