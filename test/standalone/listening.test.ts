// Where the server listens, and what it says of that.
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { createFakeLog } from '../fakes/log.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);
let stop: (() => Promise<void>) | undefined;
afterEach(async () => stop?.());

async function start(env: Record<string, string>) {
  const log = createFakeLog();
  const config = loadConfig({
    FIREBASE_PROJECT_ID: 'demo-none',
    FIREBASE_KEYS_URL: 'http://127.0.0.1:9/keys',
    PORT: '0',
    DRAIN_SECONDS: '0',
    ...env,
  });
  const server = await startServer(config, { log });
  stop = server.stop;
  const { port } = new URL(server.url);
  return { url: server.url, port, log };
}
const statusOf = async (url: string) => (await fetch(`${url}/healthz`)).status;

describe('the server', () => {
  it('listens at every address, of IPv4 and, where there is any, of IPv6', async () => {
    const { url, port, log } = await start({});
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await statusOf(url)).toBe(200);
    if (hasIPv6) expect(await statusOf(`http://[::1]:${port}`)).toBe(200);
    const said = log.lines.find(({ message }) => message === 'listening');
    expect(said?.fields).toEqual({ host: hasIPv6 ? '::' : '0.0.0.0', port: Number(port) });
  });

  it.runIf(hasIPv6)('says an address of IPv6 as URLs have it', async () => {
    const { url, port } = await start({ HOST: '::1' });
    expect(url).toBe(`http://[::1]:${port}`);
    expect(await statusOf(url)).toBe(200);
  });

  it('listens where HOST says, and nowhere else', async () => {
    const { url, port } = await start({ HOST: '127.0.0.1' });
    expect(await statusOf(url)).toBe(200);
    await expect(fetch(`http://[::1]:${port}/healthz`)).rejects.toThrow();
  });
});
