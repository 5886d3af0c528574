// GET /: a person's own calls, the newest first; or those that go on.
import type { Clock } from '../../base/clock.ts';
import { faultOfLiveKitName } from '../../base/ids.ts';
import { createTurns } from '../../base/turns.ts';
import { UnknownCursor } from '../../calls/store.ts';
import { historyEntryOf } from '../../calls/view.ts';
import { withStore } from '../../calls/with-store.ts';
import { flag, optionalText, wholeNumber } from '../../http/fields.ts';
import { type Route, route } from '../../http/routes.ts';
import { invalid } from './body.ts';
import { type CallGround, timeOf, userOf } from './ground.ts';
import { LIST, REFUSALS, SIGNED_IN } from './schemas.ts';

const PAGE = { min: 1, max: 100, default: 30 };
const CURSOR_MAX_BYTES = 512;
const CONTEXT_MAX_BYTES = 256;

export function listRoute(ground: CallGround & { readonly clock: Clock }): Route {
  const { store, showsNames, clock } = ground;
  // A long page is a millisecond or two: of a burst of them one at a time, and others between.
  const turn = createTurns(clock, 0);
  return route({
    method: 'GET',
    path: ground.path === '' ? '/' : ground.path,
    admit: ground.admit,
    query: {
      live: flag('Only those that go on, all of them: what an app asks when it starts.'),
      context: optionalText(
        CONTEXT_MAX_BYTES,
        'Only those of this context: a chat’s own list.',
        faultOfLiveKitName,
      ),
      limit: wholeNumber({ ...PAGE, description: 'How many at most.' }),
      after: optionalText(CURSOR_MAX_BYTES, '`next` of the page before.'),
    },
    schema: {
      summary: 'The caller’s own calls, newest first',
      ...SIGNED_IN,
      response: { 200: LIST, ...REFUSALS },
    },
    async answer(request, { query }) {
      const { uid } = userOf(request);
      const { live, context, limit, after } = query;
      await turn();
      const { calls, now, next } = await withStore(async () =>
        live
          ? { ...(await store.live(uid)), next: undefined }
          : store
              .history(uid, {
                limit,
                ...(context !== undefined && { context }),
                ...(after !== undefined && { after }),
              })
              .catch(refuseCursor),
      );
      const sight = { now, showsNames };
      const found =
        live && context !== undefined ? calls.filter((call) => call.context === context) : calls;
      return JSON.stringify({
        calls: found.map((call) => historyEntryOf(call, uid, sight)),
        next,
        serverTime: timeOf(now),
      });
    },
  });
}

function refuseCursor(error: unknown): never {
  throw error instanceof UnknownCursor ? invalid('after must be `next` of a page before.') : error;
}
