import type { UserId } from './ids.ts';

/**
 * Who is calling, as a verified ID token (or the host's own middleware) says it.
 * See https://firebase.google.com/docs/rules/rules-and-auth for the claims.
 */
export interface User {
  readonly uid: UserId;
  readonly name?: string;
  readonly picture?: string;
  readonly email?: string;
  readonly emailVerified: boolean;
  /** Firebase's `sign_in_provider`: `password`, `google.com`, `anonymous`, … */
  readonly signInProvider?: string;
  /** Identity Platform tenant, where the token names one. */
  readonly tenant?: string;
  /** Every claim of the verified token, custom claims included. */
  readonly claims: Readonly<Record<string, unknown>>;
}

const stringOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Reads a user out of claims that have been verified already. */
export function userFromClaims(uid: string, claims: Readonly<Record<string, unknown>>): User {
  const firebase = (
    typeof claims.firebase === 'object' && claims.firebase !== null ? claims.firebase : {}
  ) as Record<string, unknown>;
  const user: { -readonly [K in keyof User]: User[K] } = {
    uid: uid as UserId,
    emailVerified: claims.email_verified === true,
    claims,
  };
  const name = stringOf(claims.name);
  if (name !== undefined) user.name = name;
  const picture = stringOf(claims.picture);
  if (picture !== undefined) user.picture = picture;
  const email = stringOf(claims.email);
  if (email !== undefined) user.email = email;
  const signInProvider = stringOf(firebase.sign_in_provider);
  if (signInProvider !== undefined) user.signInProvider = signInProvider;
  const tenant = stringOf(firebase.tenant);
  if (tenant !== undefined) user.tenant = tenant;
  return user;
}
