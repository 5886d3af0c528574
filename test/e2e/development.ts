// `npm run dev` with a LiveKit server of its own, and its page in a browser.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Browser, startBrowser } from './browser.ts';
import { startChild } from './child.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type LiveKit, startLiveKit } from './livekit.ts';
import { freeTcpPorts } from './ports.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAB_STOPS = 60;

export interface Development {
  readonly url: string;
  readonly livekit: LiveKit;
  readonly browser: Browser;
}

/** `keep` ends it all when the tests are over. */
export async function startDevelopment(
  keep: <T extends { stop(): Promise<void> }>(part: T) => T,
  env: Readonly<Record<string, string>> = {},
): Promise<Development> {
  const [port = 0] = await freeTcpPorts(1);
  const webhooks = `http://127.0.0.1:${port}/api/calls/livekit-webhook`;
  const livekit = keep(await startLiveKit(undefined, undefined, webhooks));
  const url = await startDev(keep, {
    // A LiveKit server of one's own: the fixed ports of development mode may be taken.
    LIVEKIT_URL: livekit.url,
    PORT: String(port),
    ...env,
  });
  return { url, livekit, browser: keep(await startBrowser()) };
}

/** The address of its page. */
export async function startDev(
  keep: <T extends { stop(): Promise<void> }>(part: T) => T,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const development = keep(
    startChild({
      command: process.execPath,
      args: [CLI, 'dev'],
      env: {
        LIVEKIT_API_KEY: LIVEKIT_KEY,
        LIVEKIT_API_SECRET: LIVEKIT_SECRET,
        DATABASE_URL: 'sqlite::memory:',
        ...env,
      },
    }),
  );
  const [, address = ''] = await development.says(/(http:\/\/localhost:\d+)\/\s/);
  return address;
}

/** A tab of this person, in which rings come in. */
export async function openPhone(
  { url, browser }: Pick<Development, 'url' | 'browser'>,
  user: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await browser.open(`${url}/?user=${user}`, options);
  await page.locator('#me-state', { hasText: 'Online' }).waitFor();
  return page;
}

/** Only by the Tab key, as somebody without a mouse. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const label = `(() => {
    const { activeElement: at } = document;
    return at?.getAttribute('aria-label') || at?.id || at?.value || at?.textContent.trim() || '';
  })()`;
  for (let stop = 0; stop < TAB_STOPS; stop++) {
    if ((await page.evaluate<string>(label)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`"${name}" cannot be reached with the Tab key`);
}

export async function pressOn(page: Page, name: string, key = 'Enter'): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

/** Whether anything lies beyond the right edge. */
export const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Nothing that would keep somebody out, as far as axe-core can tell. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(AXE);
  const violations = await page.evaluate<Violation[]>(
    'axe.run(document).then(({ violations }) => violations)',
  );
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
  expect(found, where).toEqual([]);
}
