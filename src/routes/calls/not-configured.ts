// The routes of calls where there is no database: they exist, so that the answer is clear.
import { SwitchboardError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Admit, Method, Route } from '../../http/routes.ts';
import { route } from '../../http/routes.ts';
import { DEVICE_PARAMS } from '../devices/ground.ts';
import { CALL_PARAMS } from './ground.ts';
import { REFUSALS, SIGNED_IN } from './schemas.ts';

const ROWS: readonly (readonly [Method, path: string, summary: string])[] = [
  ['POST', '', 'Places a call'],
  ['GET', '', 'The caller’s own calls'],
  ['GET', '/events', 'The caller’s feed'],
  ['GET', '/:callId', 'One call'],
  ['POST', '/:callId/accept', 'Accepts a call'],
  ['POST', '/:callId/decline', 'Declines a ring'],
  ['POST', '/:callId/leave', 'Hangs up'],
  ['POST', '/:callId/end', 'Ends a call for all'],
  ['POST', '/:callId/invite', 'Invites others into a call'],
  ['POST', '/:callId/alerting', 'Says that a phone rings'],
  ['PUT', '/devices/:installationId', 'Registers an installation'],
  ['DELETE', '/devices/:installationId', 'Removes an installation'],
];

const FIX = 'set DATABASE_URL (as option: database)';

/** Answered before anything of the body is read. The log is told once: nothing is broken. */
export function notConfiguredRoutes(base: string, admit: Admit, log: Logger): Route[] {
  let isTold = false;
  return ROWS.map(([method, path, summary]) =>
    route({
      method,
      path: base + path || '/',
      ...(path.includes(':callId') && { params: CALL_PARAMS }),
      ...(path.includes(':installationId') && { params: DEVICE_PARAMS }),
      admit,
      schema: { summary, ...SIGNED_IN, response: REFUSALS },
      answer() {
        if (!isTold) log.warn({}, `somebody asks for calls, and there are none: ${FIX}`);
        isTold = true;
        throw new SwitchboardError('calls_not_configured', 'Calls are not configured here.', {
          cause: { message: FIX },
        });
      },
    }),
  );
}
