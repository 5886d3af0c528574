// The Postgres of calls: whether it lets us in, what it has of ours, and whether LISTEN gets through.
import type { Clock } from '../base/clock.ts';
import { failed, unexpected } from '../base/network-faults.ts';
import { hearsPostgres, lookAtPostgres, type PostgresLook } from '../storage/postgres/look.ts';
import { placeOf, refusalOf } from '../storage/postgres/refusals.ts';
import { faultOfSchema, SCHEMA_VERSION } from '../storage/sql/schema.ts';
import { type Check, type Finding, ok, skipped } from './check.ts';

/** The oldest that knows all that is asked of it. */
const OLDEST = 12;
const CLOCK_WORTH_A_WORD_MS = 5_000;
const CLOCK_TOLERANCE_MS = 60_000;

/** All of one look, and LISTEN of another. */
export function postgresChecks(address: string, clock: Clock): Check[] {
  const place = placeOf(address);
  const { host } = place;
  const notTried = skipped(`not tried, for ${host} does not let us in`);
  let looked: Promise<{ look: PostgresLook; aheadMs: number }> | undefined;
  const lookOnce = (signal: AbortSignal) => {
    looked ??= compared(address, { clock, signal });
    return looked;
  };
  const after = (
    name: string,
    run: (
      found: Awaited<NonNullable<typeof looked>>,
      signal: AbortSignal,
    ) => Finding | Promise<Finding>,
    explain: (error: unknown) => Finding = () => notTried,
  ): Check => {
    let isIn = false;
    return {
      name,
      async run(signal) {
        const found = await lookOnce(signal);
        isIn = true;
        return run(found, signal);
      },
      explain: (error) => (isIn ? explain(error) : notTried),
    };
  };
  return [
    {
      name: 'Database',
      run: async (signal) => serverFinding((await lookOnce(signal)).look, host),
      explain: (error) => refusalOf(error, place) ?? unexpected(error, host),
    },
    after('Schema', ({ look }) => schemaFinding(look, host)),
    after(
      'LISTEN',
      async ({ look }, signal) =>
        look.isReadOnly
          ? skipped(`not tried, for ${host} is read-only`)
          : listenFinding(await hearsPostgres(address, { clock, signal }), host),
      () => listenFinding(false, host),
    ),
    after('Database clock', ({ aheadMs }) => clockFinding(aheadMs, host)),
  ];
}

async function compared(address: string, by: { clock: Clock; signal: AbortSignal }) {
  const look = await lookAtPostgres(address, by.signal);
  return { look, aheadMs: by.clock.now() - look.nowMs };
}

function serverFinding(look: PostgresLook, host: string): Finding {
  const major = Math.floor(look.version / 10_000);
  if (major < OLDEST) {
    return failed(
      `${host} is Postgres ${major}, and ${OLDEST} is the oldest that calls can be kept in`,
      'upgrade it; livekit-switchboard is tested with 15',
    );
  }
  if (look.isReadOnly) {
    return failed(
      `${host} is read-only: a replica, or default_transaction_read_only is on`,
      'give DATABASE_URL the address of the primary server',
    );
  }
  if (look.encoding !== 'UTF8') {
    return failed(
      `the database at ${host} is in ${look.encoding}, which has no letters for all names`,
      'make one in UTF8 (create database calls encoding UTF8 template template0) and name it in DATABASE_URL',
    );
  }
  return ok(`${host} lets us in: Postgres ${major}.${look.version % 10_000}`);
}

function schemaFinding(look: PostgresLook, host: string): Finding {
  const { schema, user } = look;
  const { version } = schema;
  if (!look.mayUse) {
    return failed(
      `${host} has the tables of calls, and the user ${user} may not use them`,
      `as their owner: grant usage on schema switchboard to ${user}; ` +
        `grant select, insert, update, delete on all tables in schema switchboard to ${user};`,
    );
  }
  if (faultOfSchema(schema) !== undefined) {
    return failed(
      `${host} has schema ${version}, made by a newer livekit-switchboard, and this one knows schema ${SCHEMA_VERSION}`,
      'run the newer version',
    );
  }
  if (version > SCHEMA_VERSION) {
    return ok(`schema ${version}, of a newer version that lets this one work on it`);
  }
  if (version === SCHEMA_VERSION) return ok(`schema ${version}, as this version needs it`);
  const state = version === 0 ? 'there are no tables of calls yet' : `schema ${version} is behind`;
  if (look.mayMigrate) return ok(`${state}, and serve brings them to schema ${SCHEMA_VERSION}`);
  return failed(
    `${state}, and the user ${user} may not make them`,
    'run livekit-switchboard migrate as a user who may, or hand on what livekit-switchboard migrate --print prints',
  );
}

/** One instance alone misses nothing. */
const listenFinding = (isHeard: boolean, host: string): Finding =>
  isHeard
    ? ok('what one instance tells is heard by the others')
    : ok(
        `warning: nothing that is told (NOTIFY) is heard at ${host}: with several instances a ring comes up to 5 s late. ` +
          'A pooler in transaction mode lets none through; give DATABASE_URL the direct address, or that of a pooler in session mode',
      );

function clockFinding(aheadMs: number, host: string): Finding {
  const apartMs = Math.abs(aheadMs);
  const seconds = Math.round(apartMs / 1000);
  const apart = `this machine's clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} ${host}`;
  const fix = 'let the clocks of both be set by NTP';
  if (apartMs > CLOCK_TOLERANCE_MS) {
    return failed(`${apart}, whose times are those of calls`, fix);
  }
  if (apartMs > CLOCK_WORTH_A_WORD_MS) return ok(`warning: ${apart}; ${fix}`);
  return ok(seconds <= 1 ? `together with ${host}` : apart);
}
