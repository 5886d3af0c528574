// Tokens alone: the routes of calls say so, and nothing of calls is loaded.
import { SwitchboardError } from '../base/errors.ts';
import { notConfiguredRoutes } from '../routes/calls/not-configured.ts';
import { type CreateCalls, REQUESTS_PER_MINUTE } from './calls-part.ts';
import type { HostCalls } from './host-calls.ts';

export const withoutCalls: CreateCalls = ({ front }, { log }, by) => ({
  routes: notConfiguredRoutes(
    front.basePath,
    by.admission.users(by.limits.limit('calls', REQUESTS_PER_MINUTE)),
    log,
  ),
  rooms: undefined,
  hostCalls: hostCallsNotConfigured(),
});

export function hostCallsNotConfigured(): HostCalls {
  const refuse = async (): Promise<never> => {
    throw new SwitchboardError(
      'calls_not_configured',
      'Calls need a database: set the option database, or DATABASE_URL.',
    );
  };
  return { place: refuse, end: refuse, get: refuse, liveOf: refuse, eraseUser: refuse };
}
