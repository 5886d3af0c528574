// Who has the feed of calls open right now. The requests themselves say so: an app counts as a tab does.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';

/** Between two long polls, and over a reload, somebody stays. */
const LINGER_MS = 2_000;

export interface Presence {
  /** Looks at each request, and counts those for the feed until their answer is over. */
  watch(request: IncomingMessage, response: ServerResponse): void;
  /** How many feeds each user has open. */
  feeds(): Readonly<Record<string, number>>;
}

export function createPresence(parts: {
  readonly feedPath: string;
  readonly uids: readonly string[];
  readonly clock: Clock;
}): Presence {
  const { feedPath, uids, clock } = parts;
  const open = new Map(uids.map((uid) => [uid, 0]));
  const count = (uid: string, by: number) => void open.set(uid, (open.get(uid) ?? 0) + by);

  return {
    watch(request, response) {
      if (request.url?.split('?', 1)[0] !== feedPath) return;
      const uid = uidOf(request.headers.authorization ?? '');
      if (uid === undefined || !open.has(uid)) return;
      count(uid, 1);
      response.once('close', () => void clock.after(LINGER_MS, () => count(uid, -1)));
    },
    feeds: () => Object.fromEntries(open),
  };
}

/** As the token says, unverified: one that is refused counts for a moment, and no longer. */
function uidOf(authorization: string): string | undefined {
  const [, payload = ''] = authorization.split('.');
  try {
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
