// The client in a real browser: several tabs of one person, one of them duplicated, reloads, and a
// network that goes and comes back.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { CallsClient, CallUpdate } from '../../src/client/index.ts';
import { withoutTypes } from '../../src/dev/without-types.ts';
import { createSwitchboard } from '../../src/index.ts';
import { LIVEKIT_KEYS, startLiveKitApi } from '../fakes/livekit-api.ts';
import { createFakeLog } from '../fakes/log.ts';
import { type Browser, startBrowser } from './browser.ts';
import { endings } from './endings.ts';
import { until } from './until.ts';

const CLIENT = new URL('../../src/client/', import.meta.url);
const DEVICE = 'livekit-switchboard.device';
const PAGE = `<!doctype html><meta charset="utf-8"><title>client</title><script type="module">
import { createCallsClient } from '/client/index.ts';
const uid = new URLSearchParams(location.search).get('user');
window.told = [];
window.connections = [];
window.client = createCallsClient({ baseUrl: '/api/calls', getIdToken: () => uid });
client.onCall((update) => told.push(update));
client.onConnection(({ state }) => connections.push(state));
</script>`;

/** In the page. */
declare const client: CallsClient;
declare const told: CallUpdate[];
declare const connections: string[];
declare const copied: string | null;

const keep = endings();
let browser: Browser;
let origin: string;

beforeAll(async () => {
  const livekit = await startLiveKitApi({ clock: systemClock });
  keep({ stop: () => livekit.close() });
  const switchboard = keep(
    createSwitchboard({
      database: 'sqlite::memory:',
      livekitUrl: livekit.url,
      livekitApiKey: LIVEKIT_KEYS.apiKey,
      livekitApiSecret: LIVEKIT_KEYS.apiSecret,
      ringAccess: 'any',
      roomAccess: 'calls',
      logger: createFakeLog(),
      userOf: ({ headers }: { headers: { authorization?: string } }) => {
        const uid = headers.authorization?.replace('Bearer ', '');
        return uid ? { uid } : null;
      },
    }),
  );
  await switchboard.start();
  const server = createServer((request, response) =>
    switchboard.handler(request, response, () => {
      const { pathname } = new URL(request.url ?? '/', 'http://page');
      const name = pathname.replace('/client/', '');
      const isModule = readdirSync(CLIENT).includes(name);
      const type = isModule ? 'text/javascript' : 'text/html';
      response.writeHead(200, { 'content-type': type });
      response.end(isModule ? withoutTypes(readFileSync(new URL(name, CLIENT), 'utf8')) : PAGE);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  keep({
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = keep(await startBrowser());
});

const connected = (page: Page) =>
  until('the page hears its feed', () =>
    page.evaluate(() => typeof connections === 'object' && connections.at(-1) === 'connected'),
  );

async function open(user: string): Promise<Page> {
  const page = await browser.open(`${origin}/?user=${user}`);
  await connected(page);
  return page;
}

/** What `window.open` makes: a tab with a copy of the storage of its own. */
async function duplicate(page: Page): Promise<Page> {
  await page.context().addInitScript(`globalThis.copied ??= sessionStorage.getItem('${DEVICE}')`);
  const [copy] = await Promise.all([
    page.waitForEvent('popup'),
    page.evaluate('void window.open(location.href)'),
  ]);
  await connected(copy);
  return copy;
}

const deviceOf = (page: Page): Promise<string> => page.evaluate(() => client.deviceId());
const last = (page: Page) =>
  page.evaluate(() => {
    const update = told.at(-1);
    return update && { state: update.call.state, rings: update.rings, isHere: update.isHere };
  });
const hears = (page: Page, what: Partial<NonNullable<Awaited<ReturnType<typeof last>>>>) =>
  until(`${JSON.stringify(what)} in the page`, async () => {
    const update = await last(page);
    return update !== undefined && isDeepStrictEqual({ ...update, ...what }, update);
  });
const place = (page: Page, callee: string): Promise<string> =>
  page.evaluate(
    async (uid) => (await client.place({ callees: [uid], kind: 'audio' })).call.id,
    callee,
  );

it('a tab keeps its device over a reload, and a duplicated one takes its own', async () => {
  const tab = await open('bob');
  const device = await deviceOf(tab);
  const copy = await duplicate(tab);
  expect(await copy.evaluate(() => copied), 'the storage was copied').toBe(device);
  const other = await deviceOf(copy);
  expect(other).not.toBe(device);
  for (const page of [tab, copy]) {
    await page.reload();
    await connected(page);
  }
  expect([await deviceOf(tab), await deviceOf(copy)]).toEqual([device, other]);
});

it('a new tab of the same person is another device', async () => {
  const tab = await open('bob');
  const second = await tab.context().newPage();
  await second.goto(tab.url());
  await connected(second);
  expect(await deviceOf(second)).not.toBe(await deviceOf(tab));
});

it('every tab rings, one answers, and the others stop', async () => {
  const alice = await open('alice');
  const tab = await open('carol');
  const copy = await duplicate(tab);
  const callId = await place(alice, 'carol');
  await hears(tab, { rings: true });
  await hears(copy, { rings: true });
  await copy.evaluate((id) => client.accept(id), callId);
  await hears(tab, { rings: false, isHere: false, state: 'active' });
  await hears(copy, { rings: false, isHere: true, state: 'active' });
  await hears(alice, { isHere: true, state: 'active' });

  await copy.reload();
  await connected(copy);
  await hears(copy, { isHere: true });
  const again = await copy.evaluate(async (id) => (await client.accept(id)).token, callId);
  expect(again, 'the same device has its seat still').toMatch(/^eyJ/);
  await copy.evaluate((id) => client.leave(id), callId);
  for (const page of [alice, tab, copy]) await hears(page, { state: 'ended', isHere: false });
});

it('a tab whose network was away knows what it has missed', async () => {
  const alice = await open('alice');
  const tab = await open('dave');
  await tab.context().setOffline(true);
  const callId = await place(alice, 'dave');
  await tab.context().setOffline(false);
  await hears(tab, { rings: true });
  await alice.evaluate((id) => client.leave(id), callId);
  await hears(tab, { rings: false, state: 'ended' });
});

it('a page that is closed leaves nothing behind', async () => {
  const tab = await open('erin');
  await tab.evaluate(() => client.close());
  expect(await tab.evaluate(() => connections.at(-1))).toBe('stopped');
  const code = await tab.evaluate(() => client.live().catch((error) => error.code));
  expect(code).toBe('closed');
});
