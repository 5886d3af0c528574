// Google and Apple as a server process finds them: by their names, over TLS. Its way out is a proxy
// (HTTPS_PROXY), which leads those names to what stands in for them, and the server is the very one
// that runs in production.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { type ApnsStandIn, makeApnsKeys, startApnsStandIn } from '../../src/dev/stand-ins/apns.ts';
import { type FcmStandIn, startFcmStandIn } from '../../src/dev/stand-ins/fcm.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { PROJECT_ID, signingKey } from '../fakes/firebase.ts';
import type { Variables } from './calls-stage.ts';

const BUNDLE_ID = 'com.example.chat';
const NAMES = {
  accounts: 'oauth2.googleapis.com',
  fcm: 'fcm.googleapis.com',
  apns: 'api.push.apple.com',
} as const;

export interface PushProviders {
  readonly fcm: FcmStandIn;
  readonly apns: ApnsStandIn;
  /** Of a server that pushes by them. */
  readonly variables: Variables;
  stop(): Promise<void>;
}

export async function startPushProviders(): Promise<PushProviders> {
  const tls = {
    accounts: makeCertificate(NAMES.accounts),
    fcm: makeCertificate(NAMES.fcm),
    apns: makeCertificate(NAMES.apns),
  };
  const keys = { ...makeApnsKeys(), bundleId: BUNDLE_ID };
  const [fcm, apns, accounts] = await Promise.all([
    startFcmStandIn({ projectId: PROJECT_ID, tls: tls.fcm }),
    startApnsStandIn({ ...keys, clock: systemClock, tls: tls.apns }),
    startAccounts(tls.accounts),
  ]);
  // Which the app made of nothing has too.
  fcm.acceptOnly(ACCESS_TOKEN);
  const proxy = await startProxy({
    [NAMES.accounts]: accounts.port,
    [NAMES.fcm]: portOf(fcm.server),
    [NAMES.apns]: portOf(apns.server),
  });
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-providers-'));
  const trusted = join(folder, 'trusted.pem');
  writeFileSync(
    trusted,
    Object.values(tls)
      .map(({ cert }) => cert)
      .join(''),
  );
  return {
    fcm,
    apns,
    variables: {
      ...{ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.1' },
      ...{ NODE_EXTRA_CA_CERTS: trusted, FIREBASE_SERVICE_ACCOUNT: serviceAccount(), FCM: 'on' },
      ...{ APNS_KEY: keys.key, APNS_KEY_ID: keys.keyId, APNS_TEAM_ID: keys.teamId },
      APNS_BUNDLE_ID: BUNDLE_ID,
    },
    async stop() {
      await Promise.all([proxy.stop(), fcm.stop(), apns.stop(), accounts.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

const ACCESS_TOKEN = 'access-token-of-the-service-account';
const portOf = ({ url }: { readonly url: string }): number => Number(new URL(url).port);

const serviceAccount = (): string =>
  JSON.stringify({
    ...{ type: 'service_account', project_id: PROJECT_ID },
    client_email: `switchboard@${PROJECT_ID}.iam.gserviceaccount.com`,
    private_key: signingKey('service-account').privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });

/** Google's accounts: an access token for whoever asks. */
const startAccounts = (tls: { key: string; cert: string }) =>
  listening(
    createHttpsServer(tls, (request, response) => {
      request.resume();
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(
          JSON.stringify({ access_token: ACCESS_TOKEN, expires_in: 3_600, token_type: 'Bearer' }),
        );
    }),
  );

/** Name → port of loopback. Whatever else is asked for is not there. */
function startProxy(ports: Readonly<Record<string, number>>) {
  const server = createHttpServer();
  server.on('connect', ({ url = '' }, near: Socket, head: Buffer) => {
    near.on('error', () => {});
    const port = ports[url.replace(/:443$/, '')];
    if (port === undefined) {
      near.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const far = connect(port, '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      far.write(head);
      near.pipe(far).pipe(near);
    });
    // Neither side goes on alone.
    near.on('end', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => {}).on('close', () => near.destroy());
  });
  return listening(server);
}

async function listening(server: Server): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
