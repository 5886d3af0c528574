// The SQL that looks.
import { CALL_CHANGING, CALL_FIXED, PARTY } from './columns.ts';
import type { Dialect } from './dialect.ts';

export type ReadStatements = ReturnType<typeof readStatements>;

const CALL_COLUMNS = Object.keys({ ...CALL_FIXED, ...CALL_CHANGING });

export function readStatements(dialect: Dialect) {
  const { schema, isIn, now } = dialect;
  const calls = callColumns(dialect);
  const ofScene = `select id from ${schema}calls where ${isIn('id', '$1')}
    union select call_id from ${schema}seats where ${isIn('uid', '$2')}`;
  const visible = 'mine.uid = $1 and not mine.is_hidden';
  const historyOf = (context: string) => `select ${calls}, mine.created_at as mine_at from (
    select call_id, created_at from ${schema}parties mine
    where ${visible} ${context} and (created_at, call_id) < ($2, $3)
    order by created_at desc, call_id desc limit $4
  ) as mine join ${schema}calls c on c.id = mine.call_id
  order by mine.created_at desc, mine.call_id desc`;
  const feedOf = (
    which: string,
    order: string,
  ) => `select me.epoch as my_epoch, me.version as my_version,
    ${now('$2')} as now, mine.version as mine_version, ${calls}
  from ${schema}people me
  left join (select mine.call_id, mine.version from ${schema}parties mine
    where ${visible} and ${which}) as mine on true
  left join ${schema}calls c on c.id = mine.call_id
  where me.uid = $1 order by ${order}`;
  return {
    now: `select ${now('$1')} as now`,
    /** What the scene is made of, held until the end: a call before what belongs to it. */
    lockCalls: `select id from ${schema}calls where id in (${ofScene}) order by id ${dialect.forUpdate}`,
    /** In a statement of its own, whose view of the rows and whose time are those after the locks. */
    scene: `select t.now, s.* from (select ${now('$3')} as now) as t left join (
    select ${calls} from ${schema}calls c where c.id in (${ofScene})
  ) as s on true`,
    call: `select ${calls} from ${schema}calls c where c.id = $1`,
    callInRoom: `select ${calls} from ${schema}calls c where c.room = $1`,
    live: `select ${calls} from ${schema}parties mine join ${schema}calls c on c.id = mine.call_id
  where ${visible} and mine.is_live order by c.created_at desc, c.id desc`,
    history: historyOf(''),
    historyInContext: historyOf('and mine.context = $5'),
    /** One statement: where the reader stands and what he sees must be of one moment. */
    feed: feedOf('mine.version > $3 order by mine.version limit $4', 'mine.version'),
    /** Sorted by hand, or SQLite walks through all versions instead of the few live calls. */
    snapshot: feedOf('mine.is_live', 'mine.version + 0'),
    versions: `select uid, epoch, version from ${schema}people where ${isIn('uid', '$1')}`,
    callees: callees(dialect),
    due: `select t.call_id, c.room, t.key, t.due_at
  from ${schema}timers t join ${schema}calls c on c.id = t.call_id
  where t.due_at <= ${now('$1')} and not exists (
    select 1 from ${schema}timers earlier
    where earlier.call_id = t.call_id and (earlier.due_at, earlier.key) < (t.due_at, t.key)
  ) order by t.due_at limit $2`,
    roomsEnded: `select room from ${schema}calls where ended_at > ${now('$1')} - $2`,
  } as const;
}

/** A call with its parties and timers is one row: nothing can change between. */
function callColumns({ schema, jsonArray, jsonArrays, jsonObjects }: Dialect): string {
  const party = Object.keys(PARTY).map((column) => `p.${column}`);
  return `${CALL_COLUMNS.map((column) => `c.${column}`).join(', ')},
    (select ${jsonArrays}(${jsonArray}(${party.join(', ')}, n.name, n.picture))
      from ${schema}parties p left join ${schema}people n on n.uid = p.uid
      where p.call_id = c.id) as parties,
    (select ${jsonObjects}(t.key, t.due_at) from ${schema}timers t where t.call_id = c.id) as timers`;
}

/** For how long a word that a feed is open counts: the next comes sooner. */
export const HEARD_MS = 90_000;

/**
 * How often they were rung without an answer in calls of the caller, and of whoever placed the call
 * `$5` that they are invited to, or two could ring a third without an end. From their side, who were
 * rung a few times: other calls of the caller's don't matter. Who has called the caller, and was
 * answered, has had his answer too. And a row for each way there is to one of them.
 */
const callees = ({ schema, isIn, now }: Dialect): string => {
  const calledBy = (party: string, callers: string) =>
    `${party}.role = 'callee' and ${party}.created_at > ${now('$1')} - $4
    and (select c.caller from ${schema}calls c where c.id = ${party}.call_id) in (${callers})`;
  const callers = `$3, (select c.caller from ${schema}calls c where c.id = $5)`;
  const isAfterAnswer = (uid: string, callers: string) => `r.created_at > coalesce((
    select max(a.answered_at) from ${schema}parties a where a.uid = ${uid} and ${calledBy('a', callers)}
  ), 0)`;
  // Most have not been rung by this one of late: nobody's answers are looked for then.
  return `with r as materialized (select p.uid, p.rings, p.created_at from ${schema}parties p
    where ${isIn('p.uid', '$2')} and p.rings > 0 and p.state <> 'busy' and ${calledBy('p', callers)})
  select r.uid, sum(r.rings) as rings, min(r.created_at) as since from r
  where ${isAfterAnswer('r.uid', callers)} and ${isAfterAnswer('$3', 'r.uid')} group by r.uid
  union all select d.uid, null, null from ${schema}devices d where ${isIn('d.uid', '$2')}
  union all select n.uid, null, null from ${schema}people n
  where ${isIn('n.uid', '$2')} and n.heard_at > ${now('$1')} - ${HEARD_MS}`;
};
