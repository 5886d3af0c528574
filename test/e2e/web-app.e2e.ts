// A web app of another origin: LiveKit's own client in a browser against our server's route.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { signIdToken } from '../fakes/firebase.ts';
import { type Backend, startBackend } from './backend.ts';
import { type Browser, hasMedia, startBrowser } from './browser.ts';
import { endings } from './endings.ts';
import { type LiveKit, startLiveKit } from './livekit.ts';

const FILES: Readonly<Record<string, { type: string; path: string | URL }>> = {
  '/': { type: 'text/html', path: new URL('./app/index.html', import.meta.url) },
  '/app.js': { type: 'text/javascript', path: new URL('./app/app.js', import.meta.url) },
  '/livekit-client.umd.js': {
    type: 'text/javascript',
    path: createRequire(import.meta.url).resolve('livekit-client'),
  },
};
const keep = endings();
let livekit: LiveKit;
let backend: Backend;
let browser: Browser;
let listedOrigin: string;
let otherOrigin: string;

beforeAll(async () => {
  listedOrigin = await serveApp();
  otherOrigin = await serveApp();
  livekit = keep(await startLiveKit());
  backend = keep(await startBackend(livekit, { CORS_ORIGINS: listedOrigin }));
  browser = keep(await startBrowser());
});

async function serveApp(): Promise<string> {
  const server = createServer((request, response) => {
    const file = FILES[request.url ?? ''];
    if (file === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.type }).end(readFileSync(file.path));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  keep({
    stop() {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A call of the app's own functions in the page. */
const call = (name: 'enter' | 'ask', parameters: object): string =>
  `window.app.${name}(${JSON.stringify({ tokenUrl: backend.tokenUrl, ...parameters })})`;

it('livekit-client’s TokenSource and Room bring two people together', async () => {
  const pages = [];
  for (const uid of ['alice', 'bob']) {
    const page = await browser.open(listedOrigin);
    const idToken = signIdToken({ sub: uid });
    const entered = await page.evaluate(call('enter', { idToken, roomName: 'web' }));
    expect(entered).toEqual({ roomName: 'web', identity: uid });
    pages.push(page);
  }
  await Promise.all(pages.map(hasMedia));
  expect(await livekit.participants('web')).toMatchObject([
    { identity: 'alice', tracks: ['CAMERA', 'MICROPHONE'] },
    { identity: 'bob', tracks: ['CAMERA', 'MICROPHONE'] },
  ]);
});

it('the page can read a refusal and its request id', async () => {
  const page = await browser.open(listedOrigin);
  const body = { roomName: 'web', participantIdentity: 'bob' };
  const answer = await page.evaluate(call('ask', { idToken: signIdToken(), body }));
  expect(answer).toEqual({
    status: 403,
    code: 'identity_mismatch',
    requestId: expect.stringMatching(/\S/),
  });
});

it('a page of an origin that is not listed gets nothing', async () => {
  const page = await browser.open(otherOrigin);
  const asked = page.evaluate(call('enter', { idToken: signIdToken(), roomName: 'elsewhere' }));
  await expect(asked).rejects.toThrow('Failed to fetch');
  expect(await livekit.roomNames()).not.toContain('elsewhere');
});
