// Why an ID token was refused. Judges nothing: the verdict has been spoken in id-token.ts.
import { UID_MAX_CHARACTERS } from '../base/ids.ts';
import { type IdTokenCause, quoted, type TokenFault } from '../base/token-fault.ts';
import { type Peeked, peekJwt } from './jwt.ts';
import { faultOfShape } from './token-shape.ts';

export type IdTokenFault = TokenFault<IdTokenCause>;

export const idTokenFault = (
  cause: IdTokenCause,
  message: string,
  isSigned = false,
): IdTokenFault => ({ cause, message, isSigned });

const USE_GET_ID_TOKEN = 'send what Firebase’s user.getIdToken() gives';
const EMULATOR = 'FIREBASE_AUTH_EMULATOR_HOST';

/** What no key could make good. `isSigned` is asked only where the answer says whose users come. */
export function faultOfIdToken(
  token: string,
  by: { projectId: string; unsigned: boolean; isSigned: () => boolean },
): IdTokenFault {
  const shape = faultOfShape(token);
  if (shape !== undefined) return shape;
  const { header, claims } = peekJwt(token);
  if (header === undefined || claims === undefined) {
    const which = header === undefined ? 'header' : 'claims';
    return idTokenFault('malformed', `its ${which} cannot be read: it was changed or cut`);
  }
  const other = faultOfKind({ header, claims });
  if (other !== undefined) return other;
  const wrongHeader = by.unsigned ? faultOfUnsigned(token, header) : faultOfHeader(token, header);
  return wrongHeader ?? faultOfClaims(claims, by);
}

/** Other tokens of Google's and of ours, which are taken for ID tokens again and again. */
function faultOfKind({ header, claims }: Required<Peeked>): IdTokenFault | undefined {
  const [iss, aud] = [textOf(claims?.iss), textOf(claims?.aud)];
  if (aud.startsWith('https://identitytoolkit.googleapis.com/')) {
    return idTokenFault(
      'custom_token',
      `it is a custom token: sign in with it (signInWithCustomToken), then ${USE_GET_ID_TOKEN}`,
    );
  }
  if (iss.startsWith('https://session.firebase.google.com/')) {
    return idTokenFault('session_cookie', `it is a session cookie: ${USE_GET_ID_TOKEN}`);
  }
  if (iss.startsWith('https://firebaseappcheck.googleapis.com/')) {
    return idTokenFault(
      'app_check_token',
      `it is an App Check token, which belongs into X-Firebase-AppCheck: ${USE_GET_ID_TOKEN}`,
    );
  }
  if (/^(?:https:\/\/)?accounts\.google\.com$/.test(iss)) {
    return idTokenFault(
      'google_token',
      `it is Google’s own ID token, for ${quoted(claims?.aud)}: sign in to Firebase with it (signInWithCredential), then ${USE_GET_ID_TOKEN}`,
    );
  }
  if (header?.alg === 'HS256' && typeof claims?.video === 'object') {
    return idTokenFault('livekit_token', `it is a LiveKit token: ${USE_GET_ID_TOKEN}`);
  }
  return undefined;
}

function faultOfHeader(
  token: string,
  header: Readonly<Record<string, unknown>>,
): IdTokenFault | undefined {
  if (header.alg === 'none') {
    return idTokenFault(
      'emulator_token',
      `it is unsigned, as the Auth emulator’s are: the app talks to an emulator, and ${EMULATOR} is not set here`,
    );
  }
  if (header.alg !== 'RS256') {
    return idTokenFault('header', `its alg is ${quoted(header.alg)}, and Firebase’s is "RS256"`);
  }
  if (token.endsWith('.')) {
    return idTokenFault('truncated', 'its signature is missing: it was cut short');
  }
  if ('crit' in header)
    return idTokenFault('header', 'it has a crit header, and Firebase sets none');
  if (typeof header.kid === 'string' && header.kid !== '') return undefined;
  return idTokenFault(
    'header',
    'it names no key (kid), and Firebase’s do: somebody else signed it',
  );
}

function faultOfUnsigned(
  token: string,
  header: Readonly<Record<string, unknown>>,
): IdTokenFault | undefined {
  if (header.alg === 'none' && token.endsWith('.') && !('crit' in header)) return undefined;
  return idTokenFault(
    'real_token',
    `it is signed, and with ${EMULATOR} only the emulator’s unsigned ones count: connect the app to the emulator (connectAuthEmulator), or unset the variable`,
  );
}

function faultOfClaims(
  claims: Readonly<Record<string, unknown>>,
  { projectId, isSigned }: { projectId: string; isSigned: () => boolean },
): IdTokenFault {
  const { aud, iss } = claims;
  const isFirebase = textOf(iss).startsWith('https://securetoken.google.com/');
  if (aud !== projectId && isFirebase) {
    return {
      cause: 'audience',
      message: `it is for project ${quoted(aud)}, and FIREBASE_PROJECT_ID is ${quoted(projectId)}`,
      found: quoted(aud),
      isSigned: isSigned(),
    };
  }
  const issuer = `https://securetoken.google.com/${projectId}`;
  if (iss !== issuer) {
    return idTokenFault(
      'issuer',
      `its issuer is ${quoted(iss)}, and Firebase’s is "${issuer}": ${USE_GET_ID_TOKEN}`,
    );
  }
  return idTokenFault(
    'subject',
    `it names no user: sub must have 1 to ${UID_MAX_CHARACTERS} characters`,
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
