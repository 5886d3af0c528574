// Two ways to know who is calling: the ID token of the request, or the host's own middleware.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { andThen } from '../base/and-then.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import { UID_MAX_CHARACTERS } from '../base/ids.ts';
import type { IdTokenCause, TokenFault } from '../base/token-fault.ts';
import { type User, userFromClaims } from '../base/user.ts';
import { arrivalOf } from '../http/arrival.ts';
import { type RateLimit, refuseIfWaiting } from '../limits/rate-limit.ts';
import { addressKey } from './client-address.ts';
import type { RefusalWatch } from './refusal-watch.ts';

const HOST_TIMEOUT_MS = 2_000;
const BEARER = /^bearer +(\S.*)$/i;

/** The user of a request, or a SwitchboardError thrown or rejected with. Never reads the body. */
export type Authenticate = (request: FastifyRequest) => User | Promise<User>;

/** What this file needs of the identity room. */
export interface VerifyIdToken {
  remembered(token: string): User | undefined;
  verify(token: string): User | Promise<User>;
}

/**
 * What a host's own authentication answers: somebody with a `uid` (a firebase-admin
 * `DecodedIdToken` fits as it is), or null or undefined for nobody. What is left out is not known:
 * `anonymousUsers`, `emailVerified` and `firebaseTenantIds` go by the members that they need.
 */
export type HostUser =
  | {
      readonly uid: string;
      readonly name?: string | null | undefined;
      readonly picture?: string | null | undefined;
      readonly email?: string | null | undefined;
      readonly email_verified?: boolean | null | undefined;
      readonly firebase?:
        | {
            readonly sign_in_provider?: string | null | undefined;
            readonly tenant?: string | null | undefined;
          }
        | undefined;
    }
  | null
  | undefined;

/** Who hears of ID tokens, of refused ones with the reason. */
export interface IdTokenRefusals extends Pick<RefusalWatch, 'accepted'> {
  refused(fault: TokenFault<IdTokenCause>, address: string): void;
}

/**
 * By `Authorization: Bearer <Firebase ID token>`. A good token passes whatever its address has done:
 * whole carriers sit behind one, and behind a proxy that was not counted all users do. What fails is
 * counted, and told to wait where too much of it came (docs/decisions/0015).
 */
export function byIdToken(options: {
  verifier: VerifyIdToken;
  /** Throws where the session was revoked; undefined: not asked. */
  checkRevoked: ((user: User) => void | Promise<void>) | undefined;
  failures: RateLimit;
  refusals: IdTokenRefusals;
  /** Where the token comes, in small letters. */
  header: string;
}): Authenticate {
  const { verifier, checkRevoked, failures, refusals, header } = options;
  const stillValid = (user: User) =>
    checkRevoked === undefined ? user : andThen(checkRevoked(user), () => user);

  /** Runs `identify` and counts what it refuses; beyond the limit of the address that is a 429. */
  function counted(address: string | undefined, identify: () => User | Promise<User>) {
    const count = async (error: unknown): Promise<never> => {
      if (error instanceof SwitchboardError && error.code.startsWith('id_token_')) {
        const key = addressKey(address);
        refusals.refused(error.cause as TokenFault<IdTokenCause>, key);
        refuseIfWaiting(await failures.take(key));
      }
      throw error;
    };
    try {
      const user = identify();
      return user instanceof Promise ? user.catch(count) : user;
    } catch (error) {
      return count(error);
    }
  }

  function identifyUnknown(
    address: string | undefined,
    token: ReturnType<typeof bearerToken>,
    headers: IncomingHttpHeaders,
  ) {
    if (token === undefined) {
      return andThen(failures.waitSeconds(addressKey(address)), (wait) => {
        refuseIfWaiting(wait);
        throw idTokenMissing({ message: whatCame(headers, header) });
      });
    }
    return counted(address, () => {
      if (token === AMBIGUOUS) {
        const cause: TokenFault<IdTokenCause> = {
          cause: 'two_tokens',
          message: 'two Authorization headers came, and which of them counts is anybody’s guess',
          isSigned: false,
        };
        throw new SwitchboardError('id_token_invalid', 'Unauthorized: Invalid token.', { cause });
      }
      return andThen(verifier.verify(token), (user) => {
        refusals.accepted();
        return stillValid(user);
      });
    });
  }

  return (request) => {
    const token = bearerToken(request.raw, header);
    const known = typeof token === 'string' ? verifier.remembered(token) : undefined;
    if (known !== undefined && checkRevoked === undefined) return known;
    // Read at once: a client that doesn't wait for its refusal has no address by then.
    const address = request.clientAddress;
    if (known !== undefined) return counted(address, () => stillValid(known));
    return identifyUnknown(address, token, request.headers);
  };
}

/** By the host's own function, which gets the request as the host's framework has it. */
export function byHost(userOf: (request: never) => unknown, clock: Clock): Authenticate {
  return async (request) => {
    const hostRequest = arrivalOf(request.raw).hostRequest;
    let answer: unknown;
    try {
      answer = await withDeadline(clock, HOST_TIMEOUT_MS, () => userOf(hostRequest as never));
      if (answer !== null && answer !== undefined) return userOfHost(answer);
    } catch (cause) {
      throw new SwitchboardError(
        'identity_unavailable',
        'Identity check is unavailable. Try again.',
        { cause },
      );
    }
    throw idTokenMissing({ message: 'userOf answered nobody' });
  };
}

function userOfHost(answer: unknown): User {
  const uid = (answer as { uid?: unknown }).uid;
  if (typeof uid !== 'string' || uid === '' || uid.length > UID_MAX_CHARACTERS) {
    throw new TypeError(
      `userOf must answer null, undefined or an object with a uid of 1 to ${UID_MAX_CHARACTERS} characters`,
    );
  }
  return userFromClaims(uid, answer as Record<string, unknown>);
}

export const AMBIGUOUS = Symbol('two Authorization headers');

/**
 * The token of `Authorization: Bearer <token>` (RFC 6750, section 2.1; the scheme in any case).
 * Two such headers are ambiguous: Node would silently take the first.
 */
export function bearerToken(
  raw: IncomingMessage,
  header: string,
): string | typeof AMBIGUOUS | undefined {
  const value = raw.headers[header];
  if (typeof value !== 'string') return undefined;
  let seen = 0;
  const { rawHeaders } = raw;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === header.length && name.toLowerCase() === header) seen += 1;
  }
  return seen > 1 ? AMBIGUOUS : BEARER.exec(value)?.[1];
}

const idTokenMissing = (cause: unknown): SwitchboardError =>
  new SwitchboardError('id_token_missing', 'Unauthorized: No token provided.', { cause });

/** Where people put it instead. */
const OTHER_HEADERS = [
  'x-access-token',
  'x-auth-token',
  'x-id-token',
  'x-firebase-token',
  'x-firebase-auth',
  'x-forwarded-authorization',
  'x-serverless-authorization',
  'token',
  'authorization',
];

/** What stood in the place of `Authorization: Bearer <token>`; never the value, which may be the token. */
function whatCame(headers: IncomingHttpHeaders, header: string): string {
  const value = headers[header];
  const named = header === 'authorization' ? 'Authorization' : header;
  if (typeof value !== 'string') {
    const other = OTHER_HEADERS.find((name) => headers[name] !== undefined);
    return other === undefined
      ? `no ${named} header came`
      : `no ${named} header came, and one called ${other} did`;
  }
  if (/^bearer *$/i.test(value)) return 'the word Bearer came without a token behind it';
  if (/^bearer\W/i.test(value)) return 'Bearer came with something else than a space behind it';
  return value.startsWith('eyJ')
    ? 'a token came without the word Bearer in front of it'
    : `the ${named} header does not begin with the word Bearer`;
}
