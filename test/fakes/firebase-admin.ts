// The real firebase-admin, whose addresses are constants, with every connection led to loopback.
import { createServer, type ServerResponse } from 'node:http';
import { Agent } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { App } from 'firebase-admin/app';
import * as ours from 'firebase-admin/app';
import { jwkOf, PROJECT_ID, pemOf, type SigningKey } from './firebase.ts';

/** What Google answers to a call that needs a service account. */
export type GoogleAnswer = (body: Record<string, unknown>, response: ServerResponse) => void;

type GooglePathEnd =
  | 'accounts:lookup'
  | `/tenants/${string}/accounts:lookup`
  | ':verifyAppCheckToken';

export interface FakeGoogle {
  readonly app: App;
  /** Calls to the accounts look-up and to App Check's replay protection, by the end of their path. */
  readonly calls: string[];
  /** Answers calls whose path ends so from now on. */
  on(pathEnd: GooglePathEnd, answer: GoogleAnswer): void;
  close(): Promise<void>;
}

/** An app of project `demo-switchboard` that believes these keys to be Google's. */
export async function startFirebaseAdmin(
  keys: readonly SigningKey[] = [],
  { initializeApp, deleteApp }: Pick<typeof ours, 'initializeApp' | 'deleteApp'> = ours,
): Promise<FakeGoogle> {
  const answers = new Map<string, GoogleAnswer>();
  const calls: string[] = [];
  // Google lists X.509 certificates; a bare public key in PEM serves jsonwebtoken as well.
  const certificates = Object.fromEntries(keys.map((key) => [key.kid, pemOf(key)]));
  const published: Record<string, object> = {
    '/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com': certificates,
    '/v1/jwks': { keys: keys.map(jwkOf) },
  };

  const server = createServer(async (request, response) => {
    response.setHeader('connection', 'close');
    const path = request.url ?? '';
    const listed = published[path];
    if (listed !== undefined) {
      response.setHeader('cache-control', 'public, max-age=20000');
      sendJson(response, 200, listed);
      return;
    }
    const body = await text(request);
    const [end = path, answer] = [...answers].find(([known]) => path.endsWith(known)) ?? [];
    calls.push(end);
    if (answer === undefined) sendJson(response, 404, {});
    else answer(JSON.parse(body === '' ? '{}' : body), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  // An https agent by name alone: it hands out plain sockets, so that no certificate is needed.
  class LoopbackAgent extends Agent {
    override createConnection() {
      return connect(port, '127.0.0.1');
    }
  }
  const credential = { getAccessToken: async () => ({ access_token: 'x', expires_in: 3600 }) };
  const app = initializeApp(
    { projectId: PROJECT_ID, credential, httpAgent: new LoopbackAgent() },
    `loopback-${port}`,
  );
  return {
    app,
    calls,
    on: (pathEnd, answer) => void answers.set(pathEnd, answer),
    async close() {
      await deleteApp(app);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
