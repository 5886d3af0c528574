// The phone of the development page, used as people use it: two tabs, and a third.
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { hasMedia, photograph } from './browser.ts';
import {
  type Development,
  expectAccessible,
  isTooWide,
  openPhone,
  pressOn,
  startDev,
  startDevelopment,
} from './development.ts';
import { endings } from './endings.ts';
import { until } from './until.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const SHORT_RING = { RING_TIMEOUT_SECONDS: '5', LIVEKIT_URL: 'ws://127.0.0.1:9' };
const keep = endings();
let development: Development;

beforeAll(async () => {
  development = await startDevelopment(keep);
});

const open = (user: string, options = {}) => openPhone(development, user, options);
const button = (page: Page, name: string) => page.locator('#phone').getByRole('button', { name });
const press = (page: Page, name: string) => button(page, name).click();
const scene = (page: Page, name: string) =>
  page.locator(`#screen-call[data-scene="${name}"]`).waitFor();
const atHome = (page: Page) => page.locator('#screen-home').waitFor();
const recent = (page: Page, text: string) => page.locator('#recent li', { hasText: text });
const happened = (page: Page, text: string) =>
  page.locator('#life-lines li', { hasText: text }).first().waitFor();
const focused = (page: Page) => page.evaluate<string>('document.activeElement?.id ?? ""');

/** Counts the tones that the page makes from now on. */
const listenFor = (page: Page) =>
  page.evaluate(`
    window.tones = 0;
    const { start } = OscillatorNode.prototype;
    AudioScheduledSourceNode.prototype.start = function (...given) {
      window.tones++;
      return start.apply(this, given);
    };
  `);
const tones = (page: Page) => page.evaluate<number>('window.tones');

/** Both in a call of theirs. */
async function talking(kind: 'Call' | 'Video call with', options = {}) {
  const alice = await open('alice', options);
  const bob = await open('bob', options);
  await press(alice, `${kind} Bob`);
  await press(bob, 'Accept');
  await Promise.all([scene(alice, 'talk'), scene(bob, 'talk')]);
  return { alice, bob };
}

/** A test leaves nobody in a call. */
async function hangUp(...pages: Page[]): Promise<void> {
  for (const page of pages) {
    await press(page, 'Hang up');
    await atHome(page);
  }
}

it('two people find each other, see and hear each other, and hang up, without a mouse', async () => {
  const alice = await open('alice');
  const bob = await open('bob');
  await listenFor(alice);
  await listenFor(bob);
  // A page makes no sound before somebody has used it.
  await bob.keyboard.press('Tab');
  await pressOn(alice, 'Video call with Bob 🎧 Okafor');
  await scene(alice, 'out');
  expect(await focused(alice)).toBe('call-who');
  await scene(bob, 'in');
  expect(await bob.locator('#call-who').textContent()).toBe('Alice Ångström');
  expect(await focused(bob)).toBe('call-who');
  await until('the title blinks', async () => (await bob.title()) === '📞 Alice calls');
  await until('the title blinks', async () => (await bob.title()) === 'Bob · Switchboard');
  await until('it rings', async () => (await tones(bob)) > 3 && (await tones(alice)) > 0);
  await photograph(bob, 'phone-in');

  await pressOn(bob, 'Accept', 'Space');
  await Promise.all([scene(alice, 'talk'), scene(bob, 'talk')]);
  await Promise.all([hasMedia(alice), hasMedia(bob)]);
  expect(await bob.title()).toBe('Bob · Switchboard');
  for (const page of [alice, bob]) {
    await page.locator('#life-parties .now', { hasText: 'joined' }).nth(1).waitFor();
    await happened(page, 'Bob: ringing → joining');
    await happened(page, 'the call: ringing → active');
    await happened(page, 'this tab is in the room, and publishes');
  }
  // Each reads who answered: for Bob it is this very tab, not another one of his.
  for (const page of [alice, bob]) {
    const line = page.locator('#life-lines li', { hasText: 'Bob: ringing → joining' });
    expect(await line.locator('code').textContent()).toBe('accepted');
  }
  await photograph(alice, 'phone-talk');

  await pressOn(alice, 'Camera', 'Space');
  await bob.locator('.tile:not(.own) video').waitFor({ state: 'detached' });
  await pressOn(alice, 'Hang up');
  await atHome(alice);
  expect(await focused(alice)).toBe('me');
  await scene(bob, 'over');
  expect(await bob.locator('#call-doing').textContent()).toMatch(
    /^Talked \d+:\d\d · Alice hung up$/,
  );
  expect(await bob.locator('#spoken').textContent()).toMatch(
    /^The call is over\. .* Alice hung up\.$/,
  );
  await until('the room is gone', async () => (await development.livekit.roomNames()).length === 0);
  await pressOn(bob, 'Done');
  await recent(bob, 'Talked').waitFor();
  await recent(alice, 'Talked').waitFor();
});

it('a ring is declined, and both know it', async () => {
  const alice = await open('alice');
  const bob = await open('bob');
  await press(alice, 'Call Bob');
  await press(bob, 'Decline');
  await scene(alice, 'over');
  expect(await alice.locator('#call-doing').textContent()).toBe('Bob declined');
  await atHome(bob);
  await recent(bob, 'You declined').waitFor();
  await happened(bob, 'Bob: ringing → declined');
});

it('a caller who gives up stops the ring', async () => {
  const alice = await open('alice');
  const bob = await open('bob');
  await press(alice, 'Call Bob');
  await scene(bob, 'in');
  await press(alice, 'Hang up');
  await atHome(bob);
  await recent(bob, 'Missed').first().waitFor();
  expect(await bob.title()).toBe('Bob · Switchboard');
});

it('a third is invited, goes, comes back, and the caller ends it for all', async () => {
  const { alice, bob } = await talking('Call');
  const carol = await open('carol');
  const invite = alice.locator('#invite');
  await press(alice, 'Invite');
  await alice.keyboard.press('Escape');
  await invite.waitFor({ state: 'hidden' });
  expect(await alice.evaluate('document.activeElement?.textContent')).toBe('Invite');
  await press(alice, 'Invite');
  await alice.locator('#life-title').click();
  await invite.waitFor({ state: 'hidden' });
  await press(alice, 'Invite');
  await press(alice, 'Ring carol');
  await scene(carol, 'in');
  // She tells what was before her by the server's clock, and what is new to her as such.
  await happened(carol, 'Alice calls, audio');
  await carol.locator('#life-lines li', { hasText: /carol: ringing ringing$/ }).waitFor();
  await photograph(alice, 'phone-invited');
  await press(carol, 'Accept');
  for (const page of [alice, bob, carol]) {
    await page.locator('#life-parties .now', { hasText: 'joined' }).nth(2).waitFor();
    await page.locator('#stage .tile').nth(1).waitFor();
  }
  await press(carol, 'Hang up');
  await carol.getByText('A call with Alice and Bob is going on.').waitFor();
  await press(carol, 'Join');
  await scene(carol, 'talk');
  await happened(alice, 'carol: left → joining');
  await press(alice, 'End all');
  await Promise.all([atHome(alice), scene(bob, 'over'), scene(carol, 'over')]);
  expect(await carol.locator('#call-doing').textContent()).toContain('Ended for everybody');
});

it('a reload loses nothing: not the ring, not the call, not what has happened', async () => {
  const alice = await open('alice');
  const bob = await open('bob');
  await press(alice, 'Call Bob');
  await scene(bob, 'in');
  await Promise.all([alice.reload(), bob.reload()]);
  await Promise.all([scene(alice, 'out'), scene(bob, 'in')]);
  await press(bob, 'Accept');
  await scene(alice, 'talk');
  await happened(bob, 'this tab is in the room, and publishes');
  await alice.reload();
  await scene(alice, 'talk');
  await happened(bob, 'Alice: lost → joined');
  await happened(alice, 'the call: ringing → active');
  await hangUp(alice);
  await scene(bob, 'over');
});

it('another tab of the same person stops ringing, and can take the call over', async () => {
  const second = await open('bob');
  const { alice, bob } = await talking('Call');
  await second.getByText('You talk with Alice in another tab.').waitFor();
  await press(second, 'Take over here');
  await scene(second, 'talk');
  await bob.getByText('You talk with Alice in another tab.').waitFor();
  await hangUp(second);
  await scene(alice, 'over');
});

it('whoever talks is busy, and learns later who called', async () => {
  const { alice, bob } = await talking('Call');
  const carol = await open('carol');
  await press(carol, 'Call Bob');
  await scene(carol, 'over');
  expect(await carol.locator('#call-doing').textContent()).toBe('Busy');
  await hangUp(bob);
  await recent(bob, 'Missed: you were in a call').waitFor();
  await scene(alice, 'over');
});

it('whoever looks at the token part sees that the phone rings', async () => {
  const alice = await open('alice');
  const bob = await open('bob');
  await bob.getByRole('link', { name: 'Token' }).click();
  await bob.locator('#variant').focus();
  await press(alice, 'Call Bob');
  await bob.getByRole('link', { name: 'Phone rings' }).click();
  await press(bob, 'Decline');
  await scene(alice, 'over');
});

it('shows who is there, and offers a tab of whoever is not', async () => {
  const page = await development.browser.open(development.url);
  await page.locator('#choices a', { hasText: 'Alice' }).click();
  await page.locator('#me-state', { hasText: 'Online' }).waitFor();
  expect(new URL(page.url()).search).toBe('?user=alice');
  const row = page.locator('#people li', { hasText: 'carol' });
  const link = row.getByRole('link', { name: 'open a tab as carol' });
  await link.waitFor();
  const opened = page.context().waitForEvent('page');
  await link.click();
  const carol = await opened;
  await row.getByText('Here', { exact: true }).waitFor();
  await carol.close();
  await row.getByText('In the pocket').waitFor();
});

it('whoever has no microphone is in the call all the same, and is told so once', async () => {
  const alice = await open('alice');
  const bob = await open('bob');
  await bob.evaluate(`
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('Requested device not found', 'NotFoundError');
    };
  `);
  await press(alice, 'Call Bob');
  await press(bob, 'Accept');
  const notices = bob.locator('#screen-call .notices');
  await notices.getByText('You are in the call without microphone.').waitFor();
  await happened(bob, 'this tab is in the room, without microphone');
  await alice.locator('#call-doing', { hasText: 'muted' }).waitFor();
  await press(bob, 'Mic');
  await notices.getByText('There is no such device here.').waitFor();
  expect(await notices.locator('p').count()).toBe(1);
  await hangUp(alice);
  await scene(bob, 'over');
});

it('on a low screen a ring comes into view, with what answers it', async () => {
  const alice = await open('alice');
  const bob = await open('bob', { viewport: { width: 640, height: 430 } });
  await bob.evaluate('scrollTo(0, document.body.scrollHeight)');
  await press(alice, 'Call Bob');
  for (const seen of [bob.locator('#call-who'), button(bob, 'Accept')]) {
    await until('it is in view', async () => {
      const { y = -1, height = 0 } = (await seen.boundingBox()) ?? {};
      return y >= 0 && y + height <= 430;
    });
  }
  await press(bob, 'Decline');
  await scene(alice, 'over');
});

it('a refusal is told once, and goes with the next thing that is done', async () => {
  const alice = await open('alice');
  const refused = { error: 'No.', code: 'ring_limited', requestId: 'x' };
  await alice.route('**/api/calls', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 429, json: refused })
      : route.fallback(),
  );
  await press(alice, 'Call Bob');
  const told = alice.getByText('Rung too often without an answer. Wait some minutes.');
  await told.waitFor();
  expect(await told.count()).toBe(1);
  await alice.unroute('**/api/calls');
  await press(alice, 'Call Bob');
  await scene(alice, 'out');
  expect(await told.count()).toBe(0);
  await hangUp(alice);
});

it.each([
  ['light', 'at a desk', { viewport: { width: 1280, height: 860 } }],
  ['dark', 'at a desk', { viewport: { width: 1280, height: 860 } }],
  ['light', 'on a phone', PHONE],
  ['dark', 'on a phone', PHONE],
] as const)(
  '%s, %s: axe-core finds nothing, and nothing is too wide',
  async (colorScheme, where, size) => {
    const options = { ...size, colorScheme };
    const look = async (page: Page, name: string) => {
      await expectAccessible(page, name);
      expect(await isTooWide(page), name).toBe(false);
      await photograph(page, `phone-${colorScheme}-${where.replaceAll(' ', '-')}-${name}`);
    };
    const nobody = await development.browser.open(development.url, options);
    await nobody.locator('#choices a').first().waitFor();
    await look(nobody, 'who');
    const alice = await open('alice', options);
    const bob = await open('bob', options);
    await look(alice, 'home');
    await press(alice, 'Video call with Bob');
    await scene(bob, 'in');
    await look(alice, 'out');
    await look(bob, 'in');
    await press(bob, 'Accept');
    await Promise.all([hasMedia(alice), hasMedia(bob)]);
    await press(alice, 'Invite');
    await look(alice, 'talk');
    await hangUp(bob);
    await scene(alice, 'over');
    await look(alice, 'over');
    await press(alice, 'Done');
    await recent(alice, 'Talked').first().waitFor();
    await look(alice, 'home-after');
  },
);

it('on a phone a line on the first screen leads to the life of the call', async () => {
  const page = await open('alice', PHONE);
  const link = page.getByRole('link', { name: 'The life of the call' });
  const box = await link.boundingBox();
  expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(PHONE.viewport.height);
  const top = () =>
    page.evaluate<number>('document.getElementById("life").getBoundingClientRect().y');
  expect(await top()).toBeGreaterThan(600);
  await link.tap();
  await until('the panel is seen', async () => (await top()) < 300);
  expect(await page.locator('#screen-home').isVisible()).toBe(true);
});

it('without a LiveKit server it rings, is answered or missed, and says what is missing', async () => {
  const url = await startDev(keep, { PORT: '0', ...SHORT_RING });
  const { browser } = development;
  const alice = await openPhone({ url, browser }, 'alice');
  const bob = await openPhone({ url, browser }, 'bob');
  await press(alice, 'Call Bob');
  await press(bob, 'Accept');
  await Promise.all([scene(alice, 'talk'), scene(bob, 'talk')]);
  const missing = 'No sound and no picture: no LiveKit server answers at ws://127.0.0.1:9.';
  for (const page of [alice, bob]) await page.getByText(missing).waitFor();
  await expectAccessible(bob, 'without LiveKit');
  await hangUp(alice);
  await scene(bob, 'over');
  await press(bob, 'Done');

  await press(bob, 'Call Alice');
  await scene(alice, 'in');
  await bob.locator('#life-parties li', { hasText: 'Okafor caller' }).waitFor();
  await scene(bob, 'over');
  expect(await bob.locator('#call-doing').textContent()).toBe('No answer');
  await recent(alice, 'Missed').waitFor();
});

it('without keys for somebody’s own LiveKit server it says once that calls are off, and why', async () => {
  const url = await startDev(keep, {
    PORT: '0',
    LIVEKIT_URL: 'ws://127.0.0.1:9',
    LIVEKIT_API_KEY: '',
    LIVEKIT_API_SECRET: '',
    DATABASE_URL: '',
  });
  const page = await development.browser.open(`${url}/?user=alice`);
  const why = 'off: LIVEKIT_URL is set without LIVEKIT_API_KEY and LIVEKIT_API_SECRET';
  await page.getByText(`Calls are ${why}.`).waitFor();
  await page.locator('#me-state', { hasText: 'Off' }).waitFor();
  const refused = page.waitForResponse((response) => response.status() === 501);
  await press(page, 'Call Bob');
  await (await refused).finished();
  expect(await page.locator('#screen-home .notices p').count()).toBe(1);
});
