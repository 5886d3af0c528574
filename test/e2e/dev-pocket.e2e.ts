// Phones in pockets on the development page: they ring by push, with no tab of theirs open.
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { photograph } from './browser.ts';
import {
  type Development,
  expectAccessible,
  isTooWide,
  openPhone,
  pressOn,
  startDevelopment,
} from './development.ts';
import { endings } from './endings.ts';
import { until } from './until.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const keep = endings();
let development: Development;

beforeAll(async () => {
  development = await startDevelopment(keep);
});

const open = (user: string, options = {}) => openPhone(development, user, options);
const press = (page: Page, name: string) => page.getByRole('button', { name }).click();
const handset = (page: Page, whose: string) => page.locator('.handset', { hasText: whose });
const inState = (page: Page, whose: string, state: string) =>
  page.locator(`.handset[data-state="${state}"]`, { hasText: whose }).waitFor();
const scene = (page: Page, name: string) =>
  page.locator(`#screen-call[data-scene="${name}"]`).waitFor();
const doing = (page: Page, text: string) =>
  page.locator('#call-doing', { hasText: text }).waitFor();
/** How far the card reaches below the phone, in pixels: 0, whatever is in it. */
const belowThePhone = (page: Page) =>
  page.evaluate<number>(`
    document.querySelector('#life').getBoundingClientRect().bottom -
    document.querySelector('#phone').getBoundingClientRect().bottom
  `);
const push = (page: Page, ...texts: string[]) =>
  texts.reduce((found, text) => found.filter({ hasText: text }), page.locator('#push-lines li'));

interface Pocket {
  readonly feeds: Readonly<Record<string, number>>;
  readonly phones: readonly { readonly uid: string; readonly isRegistered: boolean }[];
}

const pocketIs = (what: string, isSo: (pocket: Pocket) => boolean) =>
  until(what, async () => {
    const response = await fetch(`${development.url}/dev/pocket`);
    return isSo((await response.json()) as Pocket);
  });

/** Alice sees what is in the pocket of Bob, who was here a moment ago. */
async function bobIsAway(options = {}): Promise<Page> {
  const bob = await open('bob');
  // His app says by which values his phones are reached.
  await pocketIs('his phones are registered', ({ phones }) =>
    phones.every(({ uid, isRegistered }) => uid !== 'bob' || isRegistered),
  );
  await bob.close();
  await pocketIs('he is away', ({ feeds }) => feeds.bob === 0);
  const alice = await open('alice', options);
  for (const phone of ['Android', 'iPhone']) await inState(alice, `Bob’s ${phone}`, 'idle');
  return alice;
}

async function ring(alice: Page): Promise<void> {
  await alice.locator('#phone').getByRole('button', { name: 'Call Bob' }).click();
  for (const phone of ['Android', 'iPhone']) await inState(alice, `Bob’s ${phone}`, 'rings');
  await doing(alice, 'Ringing …');
}

async function bobIsRung(options = {}): Promise<Page> {
  const alice = await bobIsAway(options);
  await ring(alice);
  return alice;
}

it('a phone whose tab is closed rings by push, and declines by its ticket, without a mouse', async () => {
  const alice = await bobIsRung();
  const android = handset(alice, 'Bob’s Android');
  expect(await android.locator('.glass').textContent()).toMatch(/Alice Ångström.*Call 0:\d\d/);
  await alice.locator('#life-lines li', { hasText: 'Bob: a phone says that it rings' }).waitFor();
  await alice.setViewportSize({ width: 1280, height: 720 });
  expect(await belowThePhone(alice)).toBe(0);
  await photograph(alice, 'pocket-rings');
  await pressOn(alice, 'Decline on Bob’s Android');
  await scene(alice, 'over');
  await doing(alice, 'Bob declined');
  for (const phone of ['Android', 'iPhone']) await inState(alice, `Bob’s ${phone}`, 'idle');

  await press(alice, 'Pushes');
  expect(await alice.locator('#life-title').textContent()).toBe('Pushes');
  await push(alice, 'Bob’s Android', 'FCM', 'rings').waitFor();
  const told = push(alice, 'Bob’s iPhone', 'declined_elsewhere', 'APNs');
  await told.locator('summary').click();
  expect(await told.locator('dl').textContent()).toContain('apns-push-typebackground');
  expect(await told.locator('pre').textContent()).toContain('"content-available": 1');
  expect(await alice.locator('#push-lines').textContent()).not.toMatch(/swt_[\w-]{20}/);
});

it('a phone answers by its ticket, the other one is told, and its app goes on from there', async () => {
  const alice = await bobIsRung();
  await press(alice, 'Accept on Bob’s iPhone');
  await scene(alice, 'talk');
  await inState(alice, 'Bob’s iPhone', 'answered');
  await inState(alice, 'Bob’s Android', 'idle');
  await doing(alice, 'connecting …');
  await press(alice, 'Pushes');
  const told = push(alice, 'Bob’s Android', 'answered_elsewhere');
  await told.locator('summary').click();
  expect(await told.locator('dl').textContent()).toBe('priorityNORMALttl60s');
  const opened = alice.context().waitForEvent('page');
  await alice.getByRole('link', { name: 'Open the app' }).click();
  const bob = await opened;
  await scene(bob, 'talk');
  await press(alice, 'Life');
  await alice.locator('#life-parties .now', { hasText: 'joined' }).nth(1).waitFor();
  await handset(alice, 'Bob’s iPhone').waitFor({ state: 'detached' });
  await until('the newest line is in view, though it came behind the pushes', () =>
    alice.evaluate<boolean>(`
      document.querySelector('#life-lines li:last-child').getBoundingClientRect().bottom <=
      document.querySelector('#life-scroll').getBoundingClientRect().bottom
    `),
  );
  await bob.locator('#phone').getByRole('button', { name: 'Hang up' }).click();
  await scene(alice, 'over');
});

it('a caller who gives up leaves a missed call on the lock screen, and its push is shown', async () => {
  const alice = await bobIsRung();
  await alice.locator('#phone').getByRole('button', { name: 'Hang up' }).click();
  for (const phone of ['Android', 'iPhone']) {
    await inState(alice, `Bob’s ${phone}`, 'missed');
    await handset(alice, `Bob’s ${phone}`).getByText('Missed call from Alice Ångström').waitFor();
  }
  await press(alice, 'Pushes');
  const shown = push(alice, 'Bob’s iPhone', 'cancelled', 'shows a missed call').first();
  await shown.locator('summary').click();
  const headers = await shown.locator('dl').textContent();
  expect(headers).toMatch(/apns-push-typealert.*apns-expiration\d{10} {2}\d+:\d\d(?::\d\d)? later/);
  const opened = await open('bob');
  await handset(alice, 'Bob’s').first().waitFor({ state: 'detached' });
  await opened.close();
  await inState(alice, 'Bob’s Android', 'idle');
});

it('a tab that is locked has no stream, rings on its phones, and is unlocked again', async () => {
  const alice = await open('alice');
  const bob = await open('bob');
  await press(bob, 'Lock');
  await bob.getByRole('heading', { name: 'Locked' }).waitFor();
  expect(await bob.evaluate('document.activeElement?.id')).toBe('unlock');
  await inState(alice, 'Bob’s Android', 'idle');
  await alice.locator('#phone').getByRole('button', { name: 'Call Bob' }).click();
  await inState(bob, 'Bob’s Android', 'rings');
  expect(await bob.locator('#screen-call').isVisible()).toBe(false);
  await press(bob, 'Unlock');
  await scene(bob, 'in');
  await bob.locator('#phone').getByRole('button', { name: 'Decline' }).click();
  await doing(alice, 'Bob declined');
});

it('a refusal is told once, beside the phone that it concerns', async () => {
  const alice = await bobIsRung();
  const refused = { error: 'No.', code: 'call_full', requestId: 'x' };
  await alice.route('**/accept', (route) => route.fulfill({ status: 409, json: refused }));
  await press(alice, 'Accept on Bob’s Android');
  const told = alice.getByText('The call is full.');
  await told.waitFor();
  expect(await told.count()).toBe(1);
  expect(await handset(alice, 'Bob’s Android').getByText('The call is full.').count()).toBe(1);
  await press(alice, 'Decline on Bob’s Android');
  await scene(alice, 'over');
  expect(await told.count()).toBe(0);
});

it('whom nothing reaches, the caller knows of', async () => {
  const alice = await open('alice');
  await alice.locator('#phone').getByRole('button', { name: 'Call carol' }).click();
  await doing(alice, 'Nobody can hear it …');
  await alice.locator('#phone').getByRole('button', { name: 'Hang up' }).click();
});

it.each([
  ['light', 'at a desk', { viewport: { width: 1280, height: 860 } }],
  ['dark', 'at a desk', { viewport: { width: 1280, height: 860 } }],
  ['light', 'on a phone', PHONE],
  ['dark', 'on a phone', PHONE],
] as const)(
  '%s, %s: axe-core finds nothing, and nothing is too wide',
  async (colorScheme, where, size) => {
    const look = async (page: Page, name: string) => {
      await expectAccessible(page, name);
      expect(await isTooWide(page), name).toBe(false);
      await photograph(page, `pocket-${colorScheme}-${where.replaceAll(' ', '-')}-${name}`);
    };
    const alice = await bobIsAway({ ...size, colorScheme });
    await look(alice, 'away');
    await ring(alice);
    await look(alice, 'rings');
    await press(alice, 'Hang up');
    await inState(alice, 'Bob’s iPhone', 'missed');
    await look(alice, 'missed');
    await ring(alice);
    await press(alice, 'Accept on Bob’s iPhone');
    await inState(alice, 'Bob’s iPhone', 'answered');
    await look(alice, 'answered');
    await press(alice, 'Pushes');
    await push(alice, 'rings').first().locator('summary').click();
    await look(alice, 'pushes');
    await press(alice, 'Hang up');
    await inState(alice, 'Bob’s iPhone', 'idle');
    await press(alice, 'Lock');
    await handset(alice, 'Alice’s Android').waitFor();
    await look(alice, 'locked');
  },
);

it('on a phone a line on the first screen leads to a phone that rings', async () => {
  const alice = await bobIsAway(PHONE);
  expect(await alice.locator('#further-pocket').isVisible()).toBe(false);
  await ring(alice);
  const link = alice.getByRole('link', { name: 'Bob’s Android rings' });
  const box = await link.boundingBox();
  expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(PHONE.viewport.height);
  await link.tap();
  await until('the phones are seen', async () => {
    const at = await handset(alice, 'Bob’s Android').boundingBox();
    return at !== null && at.y > 0 && at.y < 300;
  });
  await press(alice, 'Decline on Bob’s Android');
  await scene(alice, 'over');
});
