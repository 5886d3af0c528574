// Changes that nobody tells of: one question for all who wait, and not a look of each.
import type { Engine } from './engine.ts';
import { gathered } from './gathered.ts';
import { readStatements } from './sql/read-statements.ts';
import { allDueIn, topicOf, type Wake } from './wake.ts';

/**
 * Each look wakes those whose version is another than at the look before, and at the first one all.
 * Whoever has begun to wait meanwhile looks for himself then.
 *
 * Rejects with StoreUnavailable, and the next look tells all the same.
 */
export function createUnheard(engine: Engine, wake: Wake): () => Promise<void> {
  const { versions: text } = readStatements(engine.dialect);
  let seen = new Map<string, string | undefined>();
  const look = gathered<void>(async () => {
    const uids = wake.waitingFor();
    if (uids.length === 0) return;
    const [rows = []] = await engine.ask([{ text, values: [engine.dialect.list(uids)] }]);
    const found = new Map(rows.map(({ uid, epoch, version }) => [uid, `${epoch}.${version}`]));
    const before = seen;
    seen = new Map(uids.map((uid) => [uid, found.get(uid)]));
    const isNews = (uid: string) => !before.has(uid) || before.get(uid) !== seen.get(uid);
    wake.changed(uids.filter(isNews).map(topicOf));
  });
  return () => {
    wake.due(allDueIn(0));
    return look();
  };
}
