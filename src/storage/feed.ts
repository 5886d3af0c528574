// What a person's feed has to say since a cursor: each changed call, as it is now.
import { randomUUID } from 'node:crypto';
import type { CallStore, FeedPage, FeedPosition } from '../calls/store.ts';
import type { ChangeParts } from './change.ts';
import { callOf } from './sql/columns.ts';
import type { Row } from './sql/dialect.ts';

export function createFeed({
  engine,
  read,
  write,
}: ChangeParts): Pick<CallStore, 'feed' | 'feedOn'> {
  const snapshot = async (uid: string): Promise<FeedPage | undefined> => {
    const values = [uid, engine.clockValue()];
    const [rows = []] = await engine.ask([{ text: read.snapshot, values }]);
    return rows[0] && pageOf(rows, { isSnapshot: true });
  };
  /** Undefined: nobody knows of him. */
  const pageFor = async (uid: string, after: FeedPosition | undefined, limit: number) => {
    if (after !== undefined) {
      const values = [uid, engine.clockValue(), after.version, limit];
      const [rows = []] = await engine.ask([{ text: read.feed, values }]);
      const me = rows[0];
      if (me?.my_epoch === after.epoch && (me.my_version as number) >= after.version) {
        return pageOf(rows, { isSnapshot: false, limit });
      }
    }
    return snapshot(uid);
  };
  return {
    async feed(uid, after, limit) {
      const page = await pageFor(uid, after, limit);
      if (page !== undefined) return page;
      // Nobody has called yet. The epoch must be there, or the next look would be a snapshot again.
      await engine.ask([{ text: write.makePerson, values: [uid, randomUUID()] }]);
      return (await snapshot(uid)) as FeedPage;
    },
    async feedOn(uid, after, limit) {
      const page = await pageFor(uid, after, limit);
      if (page !== undefined) return page;
      const [rows = []] = await engine.ask([{ text: read.now, values: [engine.clockValue()] }]);
      const [{ now }] = rows as [{ now: number }];
      return { position: after, isSnapshot: false, calls: [], now };
    },
  };
}

function pageOf(
  rows: readonly Row[],
  { isSnapshot, limit }: { isSnapshot: boolean; limit?: number },
): FeedPage {
  const [me] = rows as [Row];
  const changed = rows.filter(({ id }) => id !== null);
  const isFull = changed.length === limit;
  return {
    position: {
      epoch: me.my_epoch as string,
      // What was seen and lies above the last of a full page comes with the next one.
      version: (isFull ? changed.at(-1)?.mine_version : me.my_version) as number,
    },
    isSnapshot,
    calls: changed.map(callOf),
    now: me.now as number,
  };
}
