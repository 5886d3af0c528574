// Why an App Check token was refused. Judges nothing: the verdict has been spoken in app-check.ts.
import { type AppCheckCause, quoted, type TokenFault } from '../base/token-fault.ts';
import { peekJwt } from './jwt.ts';
import { faultOfShape } from './token-shape.ts';

export type AppCheckFault = TokenFault<AppCheckCause>;

export const appCheckFault = (
  cause: AppCheckCause,
  message: string,
  isSigned = false,
): AppCheckFault => ({ cause, message, isSigned });

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const SEND = 'send what App Check’s getToken() gives';

/** What no key could make good. `isSigned` is asked only where the answer says whose apps come. */
export function faultOfAppToken(
  token: string,
  by: { projectId: string; appIds: ReadonlySet<string>; isSigned: () => boolean },
): AppCheckFault {
  if (UUID.test(token)) {
    return appCheckFault(
      'debug_token',
      `it is a debug token: register it in the console, let the SDK exchange it, and ${SEND}`,
    );
  }
  const shape = faultOfShape(token);
  if (shape !== undefined) return shape;
  const { header, claims } = peekJwt(token);
  if (header === undefined || claims === undefined) {
    return appCheckFault('malformed', 'it cannot be read: it was changed or cut');
  }
  const { aud, iss, sub } = claims;
  if (typeof iss === 'string' && iss.startsWith('https://securetoken.google.com/')) {
    return appCheckFault('id_token', `it is an ID token: ${SEND}`);
  }
  if (header.alg !== 'RS256' || typeof header.kid !== 'string' || 'crit' in header) {
    return appCheckFault(
      'header',
      `its alg is ${quoted(header.alg)} and its key ${quoted(header.kid)}: Google’s have "RS256" and a key`,
    );
  }
  if (typeof iss !== 'string' || !iss.startsWith('https://firebaseappcheck.googleapis.com/')) {
    return appCheckFault('issuer', `its issuer is ${quoted(iss)}, and not App Check: ${SEND}`);
  }
  const ofProject = `projects/${by.projectId}`;
  if (!Array.isArray(aud) || !aud.includes(ofProject)) {
    const found = quoted(aud);
    const message = `it is for ${found}, and FIREBASE_PROJECT_ID says "${ofProject}"`;
    return { cause: 'audience', message, found, isSigned: by.isSigned() };
  }
  if (typeof sub !== 'string' || sub === '') return appCheckFault('app_id', 'it names no app');
  const found = quoted(sub);
  const apps = quoted([...by.appIds]);
  const message = `it is of app ${found}, and APP_CHECK_APP_IDS has ${by.appIds.size}: ${apps}`;
  return { cause: 'app_id', message, found, isSigned: by.isSigned() };
}
