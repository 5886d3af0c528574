// What a request passes before a byte of its body is read.
import type { FastifyRequest } from 'fastify';
import { andThen } from '../base/and-then.ts';
import type { User } from '../base/user.ts';
import type { Admit } from '../http/routes.ts';
import { type RateLimit, refuseIfWaiting } from '../limits/rate-limit.ts';
import type { Authenticate } from './authenticate.ts';
import { refuseTicket, showsTicket } from './ticket-gate.ts';

/** The steps of the gate, in their order. */
export interface GateSteps {
  /** Where a token or a ticket comes, in small letters. */
  readonly header: string;
  readonly authenticate: Authenticate;
  /** Throws where this kind of account does not count. */
  readonly checkAccount: (user: User) => void;
  /** Throws where the request comes from an app that does not count. */
  readonly checkApp: Admit | undefined;
}

/**
 * Answers the way in for users, the last step of which is a limit on the requests of each. Who shows
 * a ticket is known `byTicket` alone, and nobody else is asked who that is; absent: none is taken.
 */
export function createGate(steps: GateSteps): (limit: RateLimit, byTicket?: Authenticate) => Admit {
  const { header, authenticate, checkAccount, checkApp } = steps;
  const enter = (request: FastifyRequest, user: User) => {
    request.user = user;
    checkAccount(user);
    return checkApp?.(request);
  };
  return (limit, byTicket = refuseTicket) => {
    const count = ({ uid }: User) => andThen(limit.take(uid), refuseIfWaiting);
    return (request) => {
      if (showsTicket(request.raw, header)) {
        return andThen(byTicket(request), (user) => {
          request.user = user;
          return count(user);
        });
      }
      return andThen(authenticate(request), (user) =>
        andThen(enter(request, user), () => count(user)),
      );
    };
  };
}
