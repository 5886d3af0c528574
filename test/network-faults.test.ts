// What cannot be had at the wire: DNS, routes and certificates, by the codes that Node gives them.
import { describe, expect, it } from 'vitest';
import { explain } from '../src/base/network-faults.ts';

/** As `fetch` throws it. */
const fetchFailed = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('recognizable'), { code }) });

describe('a fault of the network', () => {
  it.each([
    ['ENOTFOUND', 'DNS knows no host livekit.example.com', 'LIVEKIT_URL'],
    ['EAI_AGAIN', 'DNS does not answer for livekit.example.com', 'DNS'],
    ['ECONNREFUSED', 'nothing listens at livekit.example.com (connection refused)', 'LIVEKIT_URL'],
    ['ECONNRESET', 'livekit.example.com cuts the connection', 'LIVEKIT_URL'],
    ['UND_ERR_SOCKET', 'livekit.example.com cuts the connection', 'LIVEKIT_URL'],
    ['EHOSTUNREACH', 'livekit.example.com is out of reach', 'LIVEKIT_URL'],
    ['ENETUNREACH', 'livekit.example.com is out of reach', 'LIVEKIT_URL'],
    ['UND_ERR_CONNECT_TIMEOUT', 'livekit.example.com is out of reach', 'LIVEKIT_URL'],
    [
      'CERT_HAS_EXPIRED',
      'the TLS certificate of livekit.example.com is out of date (CERT_HAS_EXPIRED)',
      'renew the certificate',
    ],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'the TLS certificate at livekit.example.com is for another name',
      'LIVEKIT_URL',
    ],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'the TLS certificate of livekit.example.com is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
      'NODE_EXTRA_CA_CERTS',
    ],
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'the TLS certificate of livekit.example.com is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
      'whole chain',
    ],
    [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'TLS with livekit.example.com fails (ERR_SSL_WRONG_VERSION_NUMBER)',
      'ws://',
    ],
    ['HPE_INVALID_CONSTANT', 'what listens at livekit.example.com speaks no HTTP', 'LIVEKIT_URL'],
    ['ESOMETHING', 'asking livekit.example.com failed (ESOMETHING)', 'try again'],
  ])('is told by its code: %s', (code, detail, fix) => {
    const place = {
      host: 'livekit.example.com',
      variable: 'LIVEKIT_URL',
      withoutTls: 'ws://',
    };
    expect(explain(fetchFailed(code), place)).toEqual({
      result: 'failed',
      detail,
      fix: expect.stringContaining(fix),
    });
    const googles = explain(fetchFailed(code), { host: 'a.googleapis.com', variable: undefined });
    expect(JSON.stringify(googles)).not.toMatch(/undefined|recognizable/);
  });

  it('that is unknown is told without its message', () => {
    const place = { host: 'a.googleapis.com', variable: undefined };
    for (const error of [new Error('recognizable'), 'recognizable', undefined, null]) {
      expect(JSON.stringify(explain(error, place))).not.toContain('recognizable');
    }
  });
});
