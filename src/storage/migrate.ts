// `livekit-switchboard migrate`: the schema, made or brought up by a user who may.
import { type Clock, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { createConnections } from './postgres/connections.ts';
import { ensureSchema } from './postgres/migrate.ts';
import { withClient } from './postgres/with-client.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { openFile } from './sqlite/open-file.ts';

const SQLITE = /^sqlite:/;

export interface MigrateParts {
  /** As in DATABASE_URL. */
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Does nothing where all is done. Rejects with a sentence for the operator, or with the database's. */
export async function migrate({
  databaseUrl,
  log,
  clock = systemClock,
}: MigrateParts): Promise<void> {
  if (SQLITE.test(databaseUrl)) {
    openFile(databaseUrl.replace(SQLITE, '')).close();
  } else {
    const connections = createConnections({ source: databaseUrl, clock, log });
    try {
      await connections.open();
      await withClient(connections, ensureSchema);
    } finally {
      await connections.close();
    }
  }
  log.info({ schema: SCHEMA_VERSION }, 'the schema of the calls is up to date');
}
