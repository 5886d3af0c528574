// Headless Chromium with a camera and a microphone that are made up, and pages that can be asked
// what media has reached them.
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { isExecutable } from '../../src/dev/livekit-binary.ts';
import { until } from './until.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const ARTEFACTS = fileURLToPath(new URL('./artefacts/', import.meta.url));
const FLAGS = [
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** In the page, before its own scripts: keeps every connection, to be asked for its statistics. */
const KEEP_CONNECTIONS = `
  const connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...parts) {
      super(...parts);
      connections.push(this);
    }
  };
  window.received = async () => {
    const sum = { pictures: 0, sound: 0 };
    for (const connection of connections) {
      if (connection.connectionState === 'closed') continue;
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== 'inbound-rtp') continue;
        sum.pictures += report.framesDecoded ?? 0;
        sum.sound += report.totalAudioEnergy ?? 0;
      }
    }
    return sum;
  };
`;

export interface Browser {
  /** A page with a profile of its own, closed when the test is over. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
  stop(): Promise<void>;
}

export async function startBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: chromiumBinary(), args: FLAGS });
  return {
    async open(url, options = {}) {
      const context = await browser.newContext(options);
      await context.addInitScript(KEEP_CONNECTIONS);
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(url);
      return page;
    },
    stop: () => browser.close(),
  };
}

/** Waits until the page has decoded pictures and heard a sound of others. */
export const hasMedia = (page: Page): Promise<void> =>
  until('sound and picture reach the page', async () => {
    const { pictures, sound } = await page.evaluate<{ pictures: number; sound: number }>(
      'window.received()',
    );
    return pictures > 10 && sound > 0;
  });

/** For a person to look at. */
export async function photograph(page: Page, name: string): Promise<void> {
  mkdirSync(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true });
}

function chromiumBinary(): string {
  const named = process.env.CHROMIUM;
  if (named !== undefined && isExecutable(named)) return named;
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isExecutable);
  if (named === undefined && found !== undefined) return found;
  throw new Error(
    'The browser tests need Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM to its path',
  );
}
