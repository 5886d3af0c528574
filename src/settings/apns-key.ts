// Apple's key (.p8) as people hand it over: in base64, in one line, with backslashes, or another
// file than the one that was asked for. Nothing of its text is ever told.
import { createPrivateKey } from 'node:crypto';
import type { Kind } from './kinds.ts';
import { faultOfPasted, type Odd, unheard, unpacked } from './pasted.ts';

const SHOULD = 'must be the text of the .p8 file that Apple made, or base64 of it';
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \1-----/;
/** What signs for APNs is ES256. */
const CURVE = 'prime256v1';

/** As PEM, in lines of its own. */
export const apnsKey: Kind<string> = {
  type: 'string',
  read: (given, odd = unheard) => keyIn(unpacked(given, odd), odd),
  take(given, _owner, odd = unheard) {
    const text = typeof given === 'string' ? unpacked(given, odd) : '';
    if (text === '') throw new Error('must be a string, not empty');
    return keyIn(text, odd);
  },
};

function keyIn(text: string, odd: Odd): string {
  const [, label, inner = ''] = PEM.exec(text) ?? PEM.exec(decoded(text)) ?? [];
  if (label === undefined) throw new Error(whatElse(text) ?? faultOfPasted(text) ?? SHOULD);
  if (label !== 'PRIVATE KEY') {
    throw new Error(
      label.includes('CERTIFICATE')
        ? `${SHOULD}: this is a certificate, which ends every year and serves one app`
        : `${SHOULD}: this is another kind of key`,
    );
  }
  if (inner.includes('\\') || !inner.trim().includes('\n')) {
    odd('has lost its line breaks: it is read as it was meant');
  }
  const lines = inner.replaceAll(/\\[rn]|\s/g, '').match(/.{1,64}/g) ?? [];
  return rightKind(
    ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n'),
  );
}

function rightKind(pem: string): string {
  let curve: string | undefined;
  try {
    curve = createPrivateKey(pem).asymmetricKeyDetails?.namedCurve;
  } catch {
    throw new Error(`${SHOULD}: this one cannot be read, a part of it is missing`);
  }
  if (curve === CURVE) return pem;
  throw new Error(`${SHOULD}: this key is of another kind, as in the JSON of a service account`);
}

/** A PEM file has dashes, which base64 has not. */
const decoded = (text: string): string =>
  /^[A-Za-z\d+/=\s]{64,}$/.test(text) ? Buffer.from(text, 'base64').toString('latin1') : '';

function whatElse(text: string): string | undefined {
  if (/^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)[^\r\n]*$|^[\w.-]+\.p8$/.test(text)) {
    return `${SHOULD}: a path belongs into APNS_KEY_FILE`;
  }
  if (/^[A-Z\d]{10}$/.test(text)) return `${SHOULD}: the id of the key belongs into APNS_KEY_ID`;
  if (text.startsWith('{')) return `${SHOULD}: this is JSON, and a service account is for FCM`;
  return undefined;
}
