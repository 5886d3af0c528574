// A file that is removed or replaced is kept by whoever has it open, and by nobody else: all goes on,
// and is gone with the process. Somebody must be told.
import { statSync } from 'node:fs';
import type { Logger } from '../../base/log.ts';

export interface SameFile {
  /** Looks whether the path leads to it still. */
  look(): void;
  /** Undefined: it does. */
  fault(): string | undefined;
}

/** Of the file that is there now. */
export function createSameFile(path: string, log: Logger): SameFile {
  const opened = identityOf(path);
  let fault: string | undefined;
  return {
    look() {
      const isSame = identityOf(path) === opened;
      if (isSame === (fault === undefined)) return;
      fault = isSame
        ? undefined
        : `The database file ${path} was removed or replaced while the server runs: what is written now is lost with the process. Put the file back, or start the server again`;
      if (fault === undefined) log.info({ path }, 'the database file is the one that was opened');
      else log.error({ path }, fault);
    },
    fault: () => fault,
  };
}

/** Undefined: there is none, or it can't be seen. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
