// The file of calls and its folder, as a start would find them; nothing is made or written.
import type { Clock } from '../base/clock.ts';
import { codesOf, failed, unexpected } from '../base/network-faults.ts';
import { faultOfSchema, SCHEMA_VERSION } from '../storage/sql/schema.ts';
import { OBSTACLES } from '../storage/sqlite/faults.ts';
import { type FileLook, lookAtFile } from '../storage/sqlite/look.ts';
import { type Check, type Finding, ok } from './check.ts';

const A_DISK_THAT_STAYS =
  'without a disk that stays, as on most platforms, every restart and deploy loses all calls: ' +
  'put the file on one, or set DATABASE_URL to a Postgres';

export function sqliteCheck(path: string, clock: Clock): Check {
  return {
    name: 'Database',
    async run() {
      if (path === ':memory:') {
        return ok(
          'warning: sqlite::memory: keeps nothing, and each restart loses all calls; set DATABASE_URL to a file or a Postgres',
        );
      }
      return findingOf(path, await lookAtFile(path, clock));
    },
    explain: (error) => explain(error, path),
  };
}

function findingOf(path: string, look: FileLook): Finding {
  const another = 'name another file in DATABASE_URL';
  switch (look.found) {
    case 'nothing':
      return ok(
        `warning: ${path} is not there, and serve makes it new. That is right before the first start alone; ${A_DISK_THAT_STAYS}`,
      );
    case 'schema':
      return findingOfSchema(path, look);
    case 'unread':
      return ok(
        `${path} is there and can be written; what is in it cannot be looked at with this version of Node`,
      );
    case 'foreign':
      return failed(
        `${path} has a table ${look.table} that is somebody else's`,
        `${another}, for calls alone`,
      );
    case 'unreadable':
    case 'unwritable':
      return failed(
        `${look.path} may not be ${look.found === 'unreadable' ? 'read' : 'written'} by this user`,
        'give the user that the server runs as the right to read and write the file and its folder ' +
          '(chown), where SQLite keeps two files beside it; is the disk mounted read-only?',
      );
    case 'folder':
      return OBSTACLES.folder(path);
    case 'no folder':
      return OBSTACLES.noFolder(path);
    case 'broken link':
      return OBSTACLES.brokenLink(look.path);
    case 'no database':
      return failed(
        `${path} is no SQLite database, or is damaged`,
        `${another}, or bring a backup back`,
      );
    case 'locked':
      return failed(
        `${path} is locked by another process`,
        'end what holds it: a backup that never ended, or a tool that has it open in a transaction',
      );
  }
}

function findingOfSchema(path: string, look: FileLook & { found: 'schema' }): Finding {
  const { version } = look;
  if (faultOfSchema(look) !== undefined) {
    return failed(
      `${path} has schema ${version}, made by a newer livekit-switchboard, and this one knows schema ${SCHEMA_VERSION}`,
      'run the newer version',
    );
  }
  if (version === 0) return ok(`${path} is there without tables, and serve makes them`);
  if (version < SCHEMA_VERSION) {
    return ok(
      `${path} is there, with schema ${version}; serve brings it up to schema ${SCHEMA_VERSION}`,
    );
  }
  const newer =
    version > SCHEMA_VERSION ? ', of a newer version that lets this one work on it' : '';
  return ok(`${path} is there and can be written, with schema ${version}${newer}`);
}

function explain(error: unknown, path: string): Finding {
  const [code] = codesOf(error);
  return code === 'ERR_SQLITE_ERROR'
    ? failed(
        `${path} cannot be opened`,
        'see that it is a SQLite file, and that the user of the server may read and write it and its folder',
      )
    : unexpected(error, path);
}
