// A key endpoint that fails, hangs and rotates in turns, as none should and some day one will.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Shorter than any real one, so that ten minutes hold many fetches. */
const MAX_AGE_S = 60;

export type Mood = 'well' | 'failing' | 'hanging' | 'rotating';
export const MOODS: readonly Mood[] = ['well', 'failing', 'hanging', 'rotating'];

export interface FaultyKeys {
  readonly url: string;
  /** Fetches so far, by the mood that met them. */
  readonly fetches: Record<Mood, number>;
  set(mood: Mood): void;
  close(): void;
}

/** Lists `publicKey` whenever it lists anything; beside it one of its own that changes. */
export async function startFaultyKeys(keyId: string, publicKey: KeyObject): Promise<FaultyKeys> {
  const fetches: Record<Mood, number> = { well: 0, failing: 0, hanging: 0, rotating: 0 };
  let mood: Mood = 'well';
  const jwk = (key: KeyObject, kid: string) => ({
    ...key.export({ format: 'jwk' }),
    kid,
    alg: 'RS256',
    use: 'sig',
  });
  const neighbour = () =>
    jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey, `other-${Date.now()}`);
  let other = neighbour();

  const server = createServer((_request, response) => {
    fetches[mood] += 1;
    if (mood === 'hanging') return;
    if (mood === 'failing') {
      response.writeHead(500).end();
      return;
    }
    if (mood === 'rotating') other = neighbour();
    response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': `public, max-age=${MAX_AGE_S}`,
    });
    response.end(JSON.stringify({ keys: [other, jwk(publicKey, keyId)] }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwk`,
    fetches,
    set(next) {
      mood = next;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
