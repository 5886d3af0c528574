// What became of a call, for whoever reads the log. Who was in it, its room and what it is about are
// nobody's business there.
import type { Logger } from '../base/log.ts';
import type { Call } from '../calls/call.ts';
import { talkSecondsOf } from '../calls/view.ts';

/** Told of a call as it was and as it has been written, by the one instance that wrote it. */
export const createCallLog =
  (log: Logger) =>
  (before: Call | undefined, after: Call): void => {
    const { id: callId, kind } = after;
    const parties = after.parties.length;
    // The requests that did it have lines of their own.
    if (before === undefined) log.debug({ callId, kind, parties }, 'a call was placed');
    if (before?.activeAt === undefined && after.activeAt !== undefined) {
      log.debug({ callId, parties }, 'a call was answered');
    }
    if (before?.state === 'ended' || after.state !== 'ended') return;
    const { outcome, reason } = after;
    const talkSeconds = talkSecondsOf(after);
    const talk = talkSeconds === undefined ? {} : { talkSeconds };
    log.info({ callId, outcome, reason, ...talk, parties }, 'a call has ended');
  };
