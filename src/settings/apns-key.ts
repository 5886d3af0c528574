// Apple's key (.p8) as people hand it over: in base64, in one line, with backslashes, or another
// file than the one that was asked for. Nothing of its text is ever told.
import { faultOfApnsKey } from '../ringing/apns/key.ts';
import type { Kind } from './kinds.ts';
import { faultOfPasted, type Odd, unheard, unpacked } from './pasted.ts';

const SHOULD = 'must be the text of the .p8 file that Apple made, or base64 of it';
const BASE64 = /^[A-Za-z\d+/=\s]{64,}$/;
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \1-----/;

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
  const [, label, inner = text] = PEM.exec(text) ?? PEM.exec(decoded(text)) ?? [];
  // Its lines without the first and the last are a key all the same.
  if (label === undefined && !BASE64.test(text)) {
    throw new Error(whatElse(text) ?? faultOfPasted(text) ?? SHOULD);
  }
  if (label !== undefined && label !== 'PRIVATE KEY') {
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
  const pem = ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
  const fault = faultOfApnsKey(pem);
  if (fault !== undefined) throw new Error(fault);
  return pem;
}

/** A PEM file has dashes, which base64 has not. */
const decoded = (text: string): string =>
  BASE64.test(text) ? Buffer.from(text, 'base64').toString('latin1') : '';

function whatElse(text: string): string | undefined {
  if (/^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)[^\r\n]*$|^[\w.-]+\.p8$/.test(text)) {
    return `${SHOULD}: a path belongs into APNS_KEY_FILE`;
  }
  if (/^[A-Z\d]{10}$/.test(text)) return `${SHOULD}: the id of the key belongs into APNS_KEY_ID`;
  if (text.startsWith('{')) return `${SHOULD}: this is JSON, and a service account is for FCM`;
  return undefined;
}
