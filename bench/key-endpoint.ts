// Google's two key endpoints, on loopback: JWKs over HTTP for ours, and PEM over TLS for
// firebase-admin, whose own address can't be changed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TokenSet } from './tokens.ts';

const HEADERS = {
  'content-type': 'application/json; charset=UTF-8',
  'cache-control': 'public, max-age=20000',
};

export interface KeyEndpoint {
  readonly jwksUrl: string;
  readonly tlsPort: number;
  readonly certificate: string;
  close(): void;
}

/** `directory` takes the self-signed certificate and its key. */
export async function startKeyEndpoint(
  { keyId, publicKey }: TokenSet,
  directory: string,
): Promise<KeyEndpoint> {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' };
  const jwks = JSON.stringify({ keys: [jwk] });
  // firebase-admin hands a value to its verifier as it is: a bare public key serves.
  const pems = JSON.stringify({ [keyId]: publicKey.export({ type: 'spki', format: 'pem' }) });

  const http = createHttpServer((_request, response) => response.writeHead(200, HEADERS).end(jwks));
  const { certificate, key } = makeCertificate(directory, 'www.googleapis.com');
  const tls = createHttpsServer(
    { cert: readFileSync(certificate), key: readFileSync(key) },
    (request, response) => {
      const known = request.url?.startsWith('/robot/v1/metadata/x509/');
      response.writeHead(known ? 200 : 404, HEADERS).end(known ? pems : '{}');
    },
  );
  const [httpPort, tlsPort] = await Promise.all([listen(http), listen(tls)]);
  return {
    jwksUrl: `http://127.0.0.1:${httpPort}/jwk`,
    tlsPort,
    certificate,
    close() {
      for (const server of [http, tls]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** Files in `directory`, of this name. */
export function makeCertificate(
  directory: string,
  host: string,
): { certificate: string; key: string } {
  const certificate = join(directory, `${host}-certificate.pem`);
  const key = join(directory, `${host}-key.pem`);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return { certificate, key };
}

function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  return promise;
}
