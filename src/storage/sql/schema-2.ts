// The second step: lanes of effects for pushes and for the host, devices, and who was rung.
import type { Dialect } from './dialect.ts';

/** New columns of old tables may be empty: code for schema 1 goes on writing there. */
export function ringingTables({
  schema,
  types: { text, bigint, boolean },
  tableEnd,
}: Dialect): string[] {
  const call = `call_id ${text} not null references ${schema}calls (id) on delete cascade`;
  return [
    `alter table ${schema}calls add column told ${bigint}`,
    `alter table ${schema}people add column heard_at ${bigint}`,
    `alter table ${schema}parties add column alerted_at ${bigint}`,
    `alter table ${schema}parties add column reach ${bigint}`,
    `create table ${schema}push_effects (
  id ${text} primary key,
  ${call},
  type ${text} not null,
  uid ${text} not null,
  ring_at ${bigint},
  cause ${text},
  installation ${text},
  device ${text},
  run_at ${bigint} not null,
  tries ${bigint} not null
)${tableEnd}`,
    `create index push_effects_run on ${schema}push_effects (run_at)`,
    `create index push_effects_call on ${schema}push_effects (call_id)`,
    // Without a time it was given up.
    `create table ${schema}host_effects (
  id ${text} primary key,
  ${call},
  target ${text} not null,
  sequence ${bigint} not null,
  type ${text} not null,
  uid ${text},
  at ${bigint} not null,
  call ${text} not null,
  run_at ${bigint},
  tries ${bigint} not null
)${tableEnd}`,
    `create index host_effects_run on ${schema}host_effects (run_at)`,
    `create index host_effects_order on ${schema}host_effects (call_id, target, sequence)`,
    `create table ${schema}devices (
  uid ${text} not null,
  installation ${text} not null,
  platform ${text} not null,
  locale ${text},
  seen_at ${bigint} not null,
  primary key (uid, installation)
)${tableEnd}`,
    `create index devices_seen on ${schema}devices (seen_at)`,
    // By a digest of kind and value: an index of Postgres takes no more than 2,700 bytes.
    `create table ${schema}targets (
  digest ${text} primary key,
  kind ${text} not null,
  value ${text} not null,
  uid ${text} not null,
  installation ${text} not null,
  is_sandbox ${boolean} not null,
  foreign key (uid, installation) references ${schema}devices (uid, installation) on delete cascade
)${tableEnd}`,
    `create index targets_device on ${schema}targets (uid, installation)`,
    `create table ${schema}rung (
  ${call},
  uid ${text} not null,
  installation ${text} not null,
  platform ${text} not null,
  ring_at ${bigint} not null,
  tried_at ${bigint} not null,
  handed_at ${bigint},
  alerted_at ${bigint},
  stopped_at ${bigint},
  primary key (call_id, uid, installation, ring_at)
)${tableEnd}`,
  ];
}
