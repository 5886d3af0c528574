// The development page in a real browser, used as a person uses it.
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { type Browser, hasMedia, photograph, startBrowser } from './browser.ts';
import { startChild } from './child.ts';
import { endings } from './endings.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type LiveKit, startLiveKit } from './livekit.ts';
import { until } from './until.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const TAB_STOPS = 40;
const keep = endings();
let livekit: LiveKit;
let browser: Browser;
let url: string;

beforeAll(async () => {
  livekit = keep(await startLiveKit());
  const development = keep(
    startChild({
      command: process.execPath,
      args: [CLI, 'dev'],
      env: {
        // A LiveKit server of one's own: the fixed ports of development mode may be taken.
        LIVEKIT_URL: livekit.url,
        LIVEKIT_API_KEY: LIVEKIT_KEY,
        LIVEKIT_API_SECRET: LIVEKIT_SECRET,
        PORT: '0',
      },
    }),
  );
  const [, address = ''] = await development.says(/(http:\/\/localhost:\d+)\/\s/);
  url = address;
  browser = keep(await startBrowser());
});

async function open(user: string, room: string, options = {}): Promise<Page> {
  const page = await browser.open(`${url}/?${new URLSearchParams({ user, room })}`, options);
  await page.locator('#join:enabled').waitFor();
  return page;
}

const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement?.id ?? ""');

/** Only by the Tab key, as somebody without a mouse. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let stop = 0; stop < TAB_STOPS; stop++) {
    if ((await focused(page)) === id) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`#${id} cannot be reached with the Tab key`);
}

async function pressOn(page: Page, id: string, key = 'Enter'): Promise<void> {
  await tabTo(page, id);
  await page.keyboard.press(key);
}

const says = (page: Page, text: string) =>
  page.locator('#status', { hasText: text }).waitFor({ timeout: 20_000 });
const tile = (page: Page, text: string) => page.locator('.tile', { hasText: text });

/** Whether anything lies beyond the right edge. */
const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

it('two people see and hear each other, without a mouse', async () => {
  const alice = await open('alice', 'keyboard');
  const bob = await open('bob', 'keyboard');
  await pressOn(alice, 'join');
  await says(alice, 'You are in keyboard');
  expect(await focused(alice)).toBe('leave');
  await pressOn(bob, 'join', 'Space');
  await says(bob, 'You are in keyboard');
  await Promise.all([hasMedia(alice), hasMedia(bob)]);
  await tile(alice, 'Bob').locator('video').waitFor();
  await tile(bob, 'Alice').locator('video').waitFor();
  await photograph(alice, 'two-people');
  expect(await livekit.participants('keyboard')).toEqual([
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
  await until('alice is gone', async () => (await livekit.participants('keyboard')).length === 1);
});

it('somebody else is chosen, and a token fetched and read, without a mouse', async () => {
  const page = await open('alice', 'demo');
  await page.keyboard.press('Tab');
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
  await says(page, 'Refused');
  expect(await page.locator('#answer-status').textContent()).toContain(status);
  expect(await page.locator('#answer').textContent()).toContain(code);
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
