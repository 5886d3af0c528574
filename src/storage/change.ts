// The one transaction that changes calls: how things stand, what shall be, and the rows between.
import type { UserId } from '../base/ids.ts';
import { type Call, isLive, isSeated, type Party, partyOf } from '../calls/call.ts';
import type {
  CallStore,
  ChangedCall,
  Decision,
  Due,
  Scene,
  Scope,
  UnansweredRings,
} from '../calls/store.ts';
import { asWritten, type Behind, type Difference, differenceOf } from './difference.ts';
import type { Answers, Engine } from './engine.ts';
import { callOf, known, profileOf } from './sql/columns.ts';
import type { Query, Row } from './sql/dialect.ts';
import type { ReadStatements } from './sql/read-statements.ts';
import type { WriteStatements } from './sql/write-statements.ts';
import { type DueTimes, topicOf, type Wake } from './wake.ts';
import { messageOf } from './wake-message.ts';
import type { WriteQueries } from './write-queries.ts';

export interface ChangeParts {
  readonly engine: Engine;
  readonly read: ReadStatements;
  readonly write: WriteStatements;
  readonly queriesOf: WriteQueries;
  readonly wake: Wake;
}

export function createChange(parts: ChangeParts): CallStore['change'] {
  const { engine, wake } = parts;
  return async <Result>(scope: Scope, decide: (scene: Scene) => Decision<Result>) => {
    const { reads, sceneOf } = lookAt(scope, parts);
    const done = await engine.transact(reads, (answers) => {
      const scene = sceneOf(answers);
      const { changed, result } = decide(scene);
      const { queries, writtenOf, tell } = writesOf({ scene, changed, scope }, parts);
      return {
        queries,
        result: (written) => ({ result, scene, written: writtenOf(written), tell }),
      };
    });
    const { tell, ...answer } = done;
    if (tell.topics.length > 0) wake.changed(tell.topics);
    wake.due(tell.due);
    return answer;
  };
}

/** People first, then the calls, then what belongs to them, then the time. */
function lookAt(scope: Scope, { engine, read }: ChangeParts) {
  const { dialect } = engine;
  const { callId, people, alsoCall, ringsBy } = scope;
  const ids = dialect.list(alsoCall === undefined ? [callId] : [callId, alsoCall]);
  const uids = dialect.list(people);
  const locks = dialect.lockPeople(people);
  const reads: Query[] = [
    ...(locks === undefined ? [] : [locks]),
    { text: read.lockCalls, values: [ids, uids] },
    { text: read.scene, values: [ids, uids, engine.clockValue()] },
  ];
  if (ringsBy !== undefined) {
    const { caller, callees, forMs } = ringsBy;
    const values = [engine.clockValue(), dialect.list(callees), caller, forMs, callId];
    reads.push({ text: read.callees, values });
  }
  const sceneOf = (answers: Answers): Scene => {
    const [rows = [], callees = []] = answers.slice(locks === undefined ? 1 : 2);
    const calls = rows.filter(({ id }) => id !== null).map(callOf);
    return {
      now: rows[0]?.now as number,
      call: calls.find(({ id }) => id === callId),
      others: calls.filter((call) => call.id !== callId && isOfScene(call, scope)),
      ...calleesOf(callees, scope),
    };
  };
  return { reads, sceneOf };
}

/** While we waited for the call its seat may have been given up. */
const isOfScene = (call: Call, { alsoCall, people }: Scope): boolean =>
  call.id === alsoCall ||
  (isLive(call) && call.parties.some((party) => isSeated(party) && people.includes(party.uid)));

function calleesOf(
  rows: readonly Row[],
  { ringsBy }: Scope,
): Pick<Scene, 'unansweredRings' | 'reach'> {
  const unansweredRings = new Map<UserId, UnansweredRings>();
  if (ringsBy === undefined) return { unansweredRings };
  const reach = new Map(ringsBy.callees.map((uid) => [uid, 0]));
  for (const row of rows) {
    const uid = row.uid as UserId;
    if (row.rings === null) reach.set(uid, (reach.get(uid) ?? 0) + 1);
    else unansweredRings.set(uid, { count: Number(row.rings), since: row.since as number });
  }
  return { unansweredRings, reach };
}

interface Decided {
  readonly scene: Scene;
  readonly changed: readonly ChangedCall[];
  readonly scope: Scope;
}

function writesOf({ scene, changed, scope }: Decided, { engine, queriesOf }: ChangeParts) {
  const { rows, behind, raised } = differenceOf(scene, changed, scope);
  const tell = tellOf(scene, rows, raised);
  const isNews = tell.topics.length > 0 || Object.keys(tell.due).length > 0;
  const message = isNews ? messageOf({ from: engine.name, ...tell }) : undefined;
  return {
    queries: queriesOf(rows, message),
    tell,
    writtenOf(answers: Answers): Call[] {
      // People are written first, where any are.
      const people = new Map<unknown, Row>();
      if (rows.people.length > 0) for (const row of answers[0] ?? []) people.set(row.uid, row);
      const before = [scene.call, ...scene.others];
      return changed.map((change) =>
        writtenCall(change, {
          before: before.find((call) => call?.id === change.call.id),
          behind,
          people,
        }),
      );
    },
  };
}

function tellOf(scene: Scene, rows: Difference, raised: readonly UserId[]) {
  const runAts = (effects: readonly { run_at: unknown }[]) =>
    effects.map(({ run_at }) => run_at as number);
  const times: Readonly<Record<Due, readonly number[]>> = {
    deadlines: rows.timers.map(({ due_at }) => due_at as number),
    livekit: runAts(rows.effects),
    push: runAts(rows.pushEffects),
    host: runAts(rows.hostEffects),
  };
  const due: DueTimes = Object.fromEntries(
    Object.entries(times).flatMap(([of, at]) =>
      at.length === 0 ? [] : [[of, Math.max(0, Math.min(...at) - scene.now)]],
    ),
  );
  return { topics: raised.map(topicOf), due };
}

/** What a reader would get now, without a second look. */
function writtenCall(
  { call, seenBy }: ChangedCall,
  {
    before,
    behind,
    people,
  }: { before: Call | undefined; behind: Behind; people: ReadonlyMap<unknown, Row> },
): Call {
  const parties = call.parties.map((party) => {
    const { name, picture, ...bare } = asWritten(
      party,
      before && partyOf(before, party.uid),
      seenBy.get(party.uid),
    );
    const person = people.get(party.uid);
    const less = behind(party.uid, call);
    return {
      ...bare,
      ...(person === undefined
        ? known<Pick<Party, 'name' | 'picture'>>({ name: name ?? null, picture: picture ?? null })
        : known<Pick<Party, 'name' | 'picture'>>(profileOf(person))),
      ...(person !== undefined &&
        less !== undefined && { version: (person.version as number) - less }),
    };
  });
  return { ...call, parties };
}
