// The SQL of erasing a person: `$1` is who he was, `$2` rows or a list of his calls.
import type { Columns } from './columns.ts';
import type { Dialect } from './dialect.ts';

/** A call of his, and who he is in it from now on. */
export const RENAMED = { call_id: 'text', alias: 'text' } as const satisfies Columns;
export const RENAMED_TIMER = { ...RENAMED, key: 'text' } as const satisfies Columns;
export const RENAMED_HOST_EFFECT = {
  id: 'text',
  uid: 'text',
  call: 'text',
} as const satisfies Columns;

export type EraseStatements = ReturnType<typeof eraseStatements>;

export function eraseStatements(dialect: Dialect) {
  const { schema, isIn, rows, forUpdate, jsonArrays } = dialect;
  const his = `select h.call_id from ${schema}parties h where h.uid = $1`;
  const ofCalls = (table: string) =>
    `delete from ${schema}${table} where ${isIn('call_id', '$2')} and uid = $1`;
  return {
    lockCallsOf: `select id from ${schema}calls where id in (${his}) order by id ${forUpdate}`,
    lockDevicesOf: `select installation from ${schema}devices
  where uid = $1 order by installation ${forUpdate}`,
    seatOf: `select call_id from ${schema}seats where uid = $1`,
    /** With the names that others who were erased have there. */
    partiesOf: `select p.call_id, p.role, p.state, p.is_hidden, p.is_live, (select ${jsonArrays}(o.uid)
    from ${schema}parties o where o.call_id = p.call_id and o.uid like 'erased%') as erased
  from ${schema}parties p where p.uid = $1`,
    hostEffectsOf: `select id, call_id, uid, call from ${schema}host_effects where call_id in (${his})`,
    renameParties: `update ${schema}parties set uid = r.alias,
    device = null, sid = null, sid_at = null, gone_sid = null
  from ${rows('$2', RENAMED)} where ${schema}parties.call_id = r.call_id and ${schema}parties.uid = $1`,
    renameCallers: `update ${schema}calls set caller = r.alias
  from ${rows('$1', RENAMED)} where ${schema}calls.id = r.call_id`,
    /** It is a digest of whom the caller rang, and would tell a name that is guessed. */
    forgetRequests: `update ${schema}calls set request_hash = '' where ${isIn('id', '$1')}`,
    renameTimers: `update ${schema}timers set key = r.alias
  from ${rows('$1', RENAMED_TIMER)} where ${schema}timers.call_id = r.call_id and ${schema}timers.key = r.key`,
    renameInHostEffects: `update ${schema}host_effects set uid = r.uid, call = r.call
  from ${rows('$1', RENAMED_HOST_EFFECT)} where ${schema}host_effects.id = r.id`,
    eraseEffects: ofCalls('effects'),
    erasePushes: ofCalls('push_effects'),
    eraseRung: ofCalls('rung'),
    eraseDevices: `delete from ${schema}devices where uid = $1 returning uid`,
    erasePerson: `delete from ${schema}people where uid = $1 returning uid`,
  } as const;
}
