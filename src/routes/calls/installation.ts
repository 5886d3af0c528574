// On which installation of the app somebody acts.
import type { FastifyRequest } from 'fastify';
import { notEnough } from '../../admission/ticket-gate.ts';
import type { InstallationId } from '../../base/ids.ts';
import { installationIn, type Members } from './body.ts';

/** As the body names it, or the ticket; that of a ticket is the only one it may be used for. */
export function placeOf(
  { ticket }: FastifyRequest,
  members: Members,
): { readonly installation?: InstallationId } {
  const named = installationIn(members);
  const installation = ticket?.installation ?? named;
  if (named !== undefined && named !== installation) throw notEnough();
  return installation === undefined ? {} : { installation };
}
