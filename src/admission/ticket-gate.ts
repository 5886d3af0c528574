// The ticket of a ring push in place of an ID token: a phone that was killed, or is locked, has none.
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { InstallationId } from '../base/ids.ts';
import { userFromClaims } from '../base/user.ts';
import type { Call } from '../calls/call.ts';
import type { CallStore } from '../calls/store.ts';
import { withStore } from '../calls/with-store.ts';
import { arrivalOf } from '../http/arrival.ts';
import { readFields } from '../http/fields.ts';
import { type RateLimit, refuseIfWaiting } from '../limits/rate-limit.ts';
import type { DeviceStore } from '../ringing/store.ts';
import { TICKET_PREFIX, type Ticket, type Tickets } from '../ringing/ticket.ts';
import { type Authenticate, bearerToken } from './authenticate.ts';
import { addressKey } from './client-address.ts';

/** When a ticket ends, the database's clock says. Beyond that by this much, nobody asks it. */
const CLOCKS_APART_MS = 10 * 60_000;
const TICKET = new RegExp(`^bearer +${TICKET_PREFIX}`, 'i');

export interface TicketGround {
  readonly tickets: Pick<Tickets, 'read'>;
  readonly store: Pick<CallStore, 'call'> & Pick<DeviceStore, 'devicesOf'>;
  /** Counts what is refused by address; a good one passes whatever its address has done. */
  readonly failures: RateLimit;
  /** Of a person: counts by ticket as well, since whose it is the store says, which is asked only then. */
  readonly limit: RateLimit;
  readonly clock: Clock;
  /** Where it comes, in small letters. */
  readonly header: string;
}

/** Whether a request shows a ticket, good or not. */
export const showsTicket = ({ headers }: IncomingMessage, header: string): boolean => {
  const value = headers[header];
  return typeof value === 'string' && TICKET.test(value);
};

/** For whom a ticket is asked for nothing: where it is not taken. */
export const refuseTicket: Authenticate = () => {
  throw notEnough();
};

/**
 * By the ticket. It is good for the call and the installation that it was made for, where the path
 * names one, as long as that installation is still that person's.
 */
export function createTicketGate(ground: TicketGround): Authenticate {
  const { store, failures, limit } = ground;

  async function identify(request: FastifyRequest) {
    const ticket = ticketOf(request, ground);
    checkPath(request, ticket);
    refuseIfWaiting(await limit.take(ticket.holder));
    const { call, now } = await withStore(() => store.call(ticket.callId));
    if (call === undefined) throw invalid('there is no such call any more');
    const uid = personIn(call, ticket);
    if (ticket.endsAt <= now) throw expired();
    const devices = await withStore(() => store.devicesOf(uid));
    const device = devices.find(({ installation }) => ticket.isFor(installation));
    if (device === undefined) throw invalid('its device was removed, or has another user by now');
    request.ticket = { callId: ticket.callId, installation: device.installation };
    return userFromClaims(uid, {});
  }

  return (request) => {
    // Read at once: a client that doesn't wait for its refusal has no address by then.
    const address = addressKey(request.clientAddress);
    return identify(request).catch(async (error) => {
      if (isFailure(error)) refuseIfWaiting(await failures.take(address));
      throw error;
    });
  };
}

function ticketOf(request: FastifyRequest, { tickets, clock, header }: TicketGround): Ticket {
  const text = bearerToken(request.raw, header);
  if (typeof text !== 'string') throw invalid('two Authorization headers came');
  const read = tickets.read(text, clock.now() - CLOCKS_APART_MS);
  if ('ticket' in read) return read.ticket;
  throw read.fault === 'expired' ? expired() : invalid('it is cut, or signed with another secret');
}

function checkPath({ raw, route }: FastifyRequest, ticket: Ticket): void {
  const { place } = arrivalOf(raw);
  const named = readFields(route?.params, (name) => place?.params[name]) as {
    readonly callId?: string;
    readonly installationId?: InstallationId;
  };
  const { callId, installationId } = named;
  if (callId !== undefined && callId !== ticket.callId) throw notEnough();
  if (installationId !== undefined && !ticket.isFor(installationId)) throw notEnough();
}

function personIn({ parties }: Call, ticket: Ticket) {
  const party = parties.find(({ uid }) => ticket.isOf(uid));
  // Of whom it is hidden, nobody was ever rung.
  if (party === undefined || party.isHidden) throw invalid('nobody of its name is in this call');
  return party.uid;
}

const isFailure = (error: unknown): boolean =>
  error instanceof SwitchboardError &&
  (error.code === 'ticket_invalid' || error.code === 'ticket_expired');

/** `message`: for the log alone, and without the ticket. */
const invalid = (message: string): SwitchboardError =>
  new SwitchboardError('ticket_invalid', 'Forbidden: Invalid ticket.', { cause: { message } });

const expired = (): SwitchboardError =>
  new SwitchboardError('ticket_expired', 'Forbidden: This ticket has expired.');

/** Also for routes that find only in the body what it is not enough for. */
export const notEnough = (): SwitchboardError =>
  new SwitchboardError(
    'ticket_not_enough',
    'Forbidden: A ticket is not enough for this. Send an ID token.',
  );
