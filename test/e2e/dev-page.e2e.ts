// The token part of the development page in a real browser, used as a person uses it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { hasMedia, photograph } from './browser.ts';
import {
  type Development,
  expectAccessible,
  isTooWide,
  pressOn,
  startDevelopment,
  tabTo,
} from './development.ts';
import { endings } from './endings.ts';
import { until } from './until.ts';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const keep = endings();
let development: Development;

beforeAll(async () => {
  development = await startDevelopment(keep);
});

async function open(user: string, room: string, options = {}): Promise<Page> {
  const { browser, url } = development;
  const query = new URLSearchParams({ user, room });
  const page = await browser.open(`${url}/?${query}#token`, options);
  await page.locator('#join:enabled').waitFor();
  return page;
}

const says = (page: Page, text: string) =>
  page.locator('.says', { hasText: text }).waitFor({ timeout: 20_000 });
const tile = (page: Page, text: string) => page.locator('#tiles .tile', { hasText: text });

const claimsOf = (token: string): object =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

it('two people see and hear each other, without a mouse', async () => {
  const alice = await open('alice', 'keyboard');
  const bob = await open('bob', 'keyboard');
  await pressOn(alice, 'join');
  await says(alice, 'You are in keyboard');
  expect(await alice.evaluate('document.activeElement?.id')).toBe('leave');
  await pressOn(bob, 'join', 'Space');
  await says(bob, 'You are in keyboard');
  await Promise.all([hasMedia(alice), hasMedia(bob)]);
  await tile(alice, 'Bob').locator('video').waitFor();
  await tile(bob, 'Alice').locator('video').waitFor();
  await photograph(alice, 'two-people');
  expect(await development.livekit.participants('keyboard')).toEqual([
    { identity: 'alice', name: 'Alice Ångström', tracks: ['CAMERA', 'MICROPHONE'] },
    { identity: 'bob', name: 'Bob 🎧 Okafor', tracks: ['CAMERA', 'MICROPHONE'] },
  ]);

  await pressOn(alice, 'microphone', 'Space');
  await tile(bob, 'Alice').filter({ hasText: 'muted' }).waitFor();
  await pressOn(alice, 'camera', 'Space');
  await tile(bob, 'Alice').locator('video').waitFor({ state: 'detached' });
  await photograph(bob, 'other-muted');
  await pressOn(alice, 'leave');
  await says(alice, 'You have left the room.');
  await says(bob, 'has left');
  await until(
    'alice is gone',
    async () => (await development.livekit.participants('keyboard')).length === 1,
  );
});

it('somebody else is chosen, and a token fetched and read, without a mouse', async () => {
  const page = await open('alice', 'demo');
  await tabTo(page, 'alice');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'room');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('kitchen');
  await page.keyboard.press('Enter');
  await says(page, 'bob has a token.');
  expect(await page.locator('#answer-status').textContent()).toContain('200');
  const claims = await page.locator('#token-claims').textContent();
  expect(claims).toContain('"room": "kitchen"');
  expect(claims).toContain('"sub": "bob"');
  await expectAccessible(page, 'token');
  await photograph(page, 'token');
});

it.each([
  ['none', '401', 'id_token_missing'],
  ['other', '403', 'identity_mismatch'],
  ['forged', '403', 'id_token_invalid'],
  ['expired', '403', 'id_token_expired'],
])('the refusal of "%s" is shown', async (variant, status, code) => {
  const page = await open('alice', 'demo');
  await page.locator('#variant').selectOption(variant);
  await page.getByRole('button', { name: 'Get token' }).click();
  await page.locator('#answer-says', { hasText: code }).waitFor();
  expect(await page.locator('#answer-says').textContent()).toContain(code);
  expect(await page.locator('#answer-status').textContent()).toContain(status);
});

it.each([
  ['proper', 'it’s “quoted”', 200],
  ['expired', 'demo', 403],
  ['none', 'demo', 401],
])(
  'the request "%s" is shown as it went, with a curl line that works',
  async (variant, room, status) => {
    const page = await open('alice', room);
    await page.locator('#variant').selectOption(variant);
    await page.getByRole('button', { name: 'Get token' }).click();
    await page.locator('#request summary').click();
    const http = (await page.locator('#request-http').textContent()) ?? '';
    const body = JSON.stringify({ roomName: room, participantIdentity: 'alice' });
    expect(
      http.startsWith(
        `POST /api/calls/livekit-token HTTP/1.1\nhost: ${new URL(development.url).host}\n`,
      ),
    ).toBe(true);
    expect(http.endsWith(`\n\n${body}`)).toBe(true);
    expect(/^authorization: Bearer eyJ/m.test(http)).toBe(variant !== 'none');
    const curl = (await page.locator('#request-curl').textContent()) ?? '';
    const { stdout } = await promisify(execFile)('sh', ['-c', `${curl} -s --noproxy '*'`]);
    expect(stdout).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    if (status === 200) {
      const shown = (await page.locator('#token-raw').textContent()) ?? '';
      const { token } = JSON.parse(stdout.slice(stdout.indexOf('{')));
      expect(claimsOf(shown)).toMatchObject({ sub: 'alice', video: { room } });
      expect(claimsOf(token)).toMatchObject({ sub: 'alice', video: { room } });
    }
  },
);

it('another user sees nothing of the answer, not even of one that comes late', async () => {
  const page = await open('alice', 'demo');
  await page.getByRole('button', { name: 'Get token' }).click();
  await says(page, 'alice has a token.');
  await page.locator('[value="bob"]').check();
  expect(await page.locator('#answer').isVisible()).toBe(false);
  expect(await page.locator('#answer').textContent()).not.toContain('eyJ');

  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  await page.route('**/api/calls/livekit-token', async (route) => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response });
  });
  const asked = page.waitForRequest('**/api/calls/livekit-token');
  await page.getByRole('button', { name: 'Get token' }).click();
  await asked;
  const answered = page.waitForResponse('**/api/calls/livekit-token');
  await page.locator('[value="carol"]').check();
  letGo();
  await (await answered).finished();
  // Whatever came later has arrived, and so has this.
  await page.evaluate('fetch("/dev/users").then((response) => response.text())');
  expect(await page.locator('#answer').isVisible()).toBe(false);
  expect(await page.locator('#token-says').textContent()).not.toContain('bob');
});

it('a call goes on when another token is asked for and refused', async () => {
  const page = await open('alice', 'second');
  await page.locator('#join').click();
  await says(page, 'You are in second');
  for (const [variant, code] of [
    ['other', 'identity_mismatch'],
    ['forged', 'id_token_invalid'],
  ] as const) {
    // The form rests during a call.
    await page.evaluate(`document.getElementById('variant').value = '${variant}'`);
    await page.getByRole('button', { name: 'Get token' }).click();
    await page.locator('#answer-says', { hasText: code }).waitFor();
  }
  expect(await page.locator('#leave').isVisible()).toBe(true);
});

it('the API’s page is a link away, in a tab of its own, and as wide as a phone', async () => {
  for (const width of [320, 390, 1280]) {
    const phone = await open('alice', 'demo', { viewport: { width, height: 800 } });
    expect(await isTooWide(phone), String(width)).toBe(false);
    const opening = phone.waitForEvent('popup');
    await phone.getByRole('link', { name: 'API in a new tab' }).click();
    const page = await opening;
    await page.getByRole('heading', { name: 'POST /api/calls/livekit-token' }).waitFor();
    expect(await isTooWide(page), String(width)).toBe(false);
    await photograph(page, `api-${width}`);
  }
});

it('a phone needs no scrolling sideways', async () => {
  const alice = await open('alice', 'phone', PHONE);
  expect(await isTooWide(alice)).toBe(false);
  await photograph(alice, 'phone-1-start');
  await alice.getByRole('button', { name: 'Get token' }).tap();
  await says(alice, 'alice has a token.');
  expect(await isTooWide(alice)).toBe(false);
  await photograph(alice, 'phone-2-token');
  await alice.locator('#join').tap();
  await says(alice, 'You are in phone');
  const carol = await open('carol', 'phone', PHONE);
  await carol.locator('#join').tap();
  await Promise.all([hasMedia(alice), hasMedia(carol)]);
  expect(await isTooWide(alice)).toBe(false);
  expect(await isTooWide(carol)).toBe(false);
  await photograph(carol, 'phone-3-call');
});
