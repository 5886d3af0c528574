// The SQL of devices, and of who of them was rung.
import type { Columns } from './columns.ts';
import type { Dialect } from './dialect.ts';

export const TARGET = {
  digest: 'text',
  kind: 'text',
  value: 'text',
  uid: 'text',
  installation: 'text',
  is_sandbox: 'boolean',
} as const satisfies Columns;

const DEVICE_KEY = { uid: 'text', installation: 'text' } as const satisfies Columns;

const RING = { call_id: 'text', uid: 'text', ring_at: 'bigint' } as const satisfies Columns;
const RUNG = { ...RING, installation: 'text' } as const satisfies Columns;

/** In the order of {@link deviceOf}. */
function deviceColumns({ schema, jsonArray, jsonArrays }: Dialect): string {
  return `d.uid, d.installation, d.platform, d.locale,
    (select ${jsonArrays}(${jsonArray}(t.kind, t.value, t.is_sandbox)) from ${schema}targets t
      where t.uid = d.uid and t.installation = d.installation) as targets`;
}

export function deviceStatements(dialect: Dialect) {
  const { schema, isIn, rows, now, forUpdate, skipLocked } = dialect;
  const devices = `${schema}devices`;
  const targets = `${schema}targets`;
  const held = (columns: string) => `select ${columns} from ${targets} t
    where ${isIn('t.digest', '$1')}`;
  // Sorted by hand, or SQLite walks through all devices in their order.
  const lock = (which: string) => `select uid, installation, seen_at from ${devices}
  where uid in (${which}) order by uid || '', installation ${forUpdate}`;
  return {
    /** All whose rows may be written, before any is: a device before its values. */
    lockDevices: lock(`${held('t.uid')} union select $2`),
    holders: held('t.uid, t.installation'),
    removeDevices: `delete from ${devices} where (uid, installation) in (
    select r.uid, r.installation from ${rows('$1', DEVICE_KEY)})`,
    putDevice: `insert into ${devices} (uid, installation, platform, locale, seen_at)
  values ($1, $2, $3, $4, ${now('$5')}) on conflict (uid, installation) do update
  set platform = excluded.platform, locale = excluded.locale, seen_at = excluded.seen_at`,
    emptyDevice: `delete from ${targets} where uid = $1 and installation = $2`,
    putTargets: `insert into ${targets} (${Object.keys(TARGET).join(', ')})
  select ${Object.keys(TARGET)
    .map((name) => `r.${name}`)
    .join(', ')} from ${rows('$1', TARGET)} where true`,
    removeDevice: `delete from ${devices} where uid = $1 and installation = $2 returning uid`,
    devicesOf: `select ${deviceColumns(dialect)} from ${devices} d where d.uid = $1
  order by d.seen_at desc, d.installation`,
    lockHolders: lock(held('t.uid')),
    /** In which this value is the last. */
    removeHolders: `delete from ${devices} where (uid, installation) in (${held('t.uid, t.installation')} and not exists (
    select 1 from ${targets} o where o.uid = t.uid and o.installation = t.installation
      and o.digest <> t.digest))`,
    dropTargets: `delete from ${targets} where ${isIn('digest', '$1')}`,
    forgetDevices: `delete from ${devices} where (uid, installation) in (
    select uid, installation from ${devices} where seen_at < ${now('$1')} - $2
    order by seen_at limit $3 ${skipLocked}) returning uid`,
    seeDevice: `update ${devices} set seen_at = ${now('$3')} where uid = $1 and installation = $2`,
  } as const;
}

export type RingStatements = ReturnType<typeof ringStatements>;

/** Each ring has rows of its own. */
export function ringStatements(dialect: Dialect) {
  const { schema, isIn, rows, now } = dialect;
  const rung = `${schema}rung`;
  /**
   * In the order of `$1`, which whoever writes some of the same has too. By the list of their calls,
   * or Postgres would walk through all that were ever rung.
   */
  const handed = (
    column: string,
    which: string,
  ) => `update ${rung} as o set ${column} = ${now('$2')}
  from ${rows('$1', RUNG)} where ${isIn('o.call_id', '$3')} and o.call_id = r.call_id
    and o.uid = r.uid and o.installation = r.installation and ${which} and o.${column} is null`;
  const untold = `r.call_id = $1 and r.uid = d.uid and r.installation = d.installation
    and r.stopped_at is null`;
  return {
    /** To which nobody has handed these rings. */
    silentDevices: `select r.call_id, r.ring_at, ${deviceColumns(dialect)}
  from ${rows('$1', RING)} join ${schema}devices d on d.uid = r.uid
  where not exists (
    select 1 from ${rung} h where h.call_id = r.call_id and h.uid = d.uid
      and h.installation = d.installation and h.handed_at is not null and h.ring_at = r.ring_at
  ) order by d.seen_at desc, d.installation`,
    takeRings: `insert into ${rung} (call_id, uid, installation, platform, ring_at, tried_at)
  select r.call_id, d.uid, d.installation, d.platform, r.ring_at, $2
  from ${rows('$1', RUNG)} join ${schema}devices d on d.uid = r.uid and d.installation = r.installation
  where true order by r.call_id, d.uid, d.installation
  on conflict (call_id, uid, installation, ring_at) do update set platform = excluded.platform,
    tried_at = excluded.tried_at`,
    ringHanded: handed('handed_at', 'o.ring_at = r.ring_at'),
    /** With the last try that nobody knows the end of, of whichever ring. */
    rungDevices: `select ${deviceColumns(dialect)}, (
    select max(r.tried_at) from ${rung} r where ${untold} and r.handed_at is null
  ) as open_try_at from ${schema}devices d
  where d.uid = $2 and exists (select 1 from ${rung} r where ${untold})
  order by d.seen_at desc, d.installation`,
    /** A ring that has begun meanwhile is not stopped by it. */
    stopHanded: handed('stopped_at', 'o.ring_at <= r.ring_at'),
    deviceAlerted: `update ${rung} set alerted_at = ${now('$4')}
  where call_id = $1 and uid = $2 and installation = $3 and alerted_at is null returning platform`,
  } as const;
}
