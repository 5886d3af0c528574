// Finding and running a LiveKit server. A small program stands in for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { noLiveKitServer, provideLiveKit } from '../../src/dev/livekit.ts';
import { cachedBinary, findLiveKitServer } from '../../src/dev/livekit-binary.ts';
import { startLiveKitServer, whoAnswers } from '../../src/dev/livekit-server.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { freePort } from '../fakes/free-port.ts';

/** Answers as LiveKit does, and like it waits on SIGTERM for those who are in a room. */
const STUBBORN = `
  const { port, bind_addresses: [host], keys } = JSON.parse(process.env.LIVEKIT_CONFIG);
  process.on('SIGTERM', () => {});
  require('node:http').createServer((_, response) => response.end('OK')).listen(port, host);`;
const BROKEN = `console.error('starting'); console.error('could not start: no luck'); process.exit(1);`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-livekit-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function program(path: string, source: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!${process.execPath}\n${source}\n`);
  chmodSync(file, 0o755);
  return file;
}

const optionsOf = (binary: string, port: number) => ({
  binary,
  port,
  udpPort: port,
  apiKey: 'devkey',
  apiSecret: 'secret',
  clock: systemClock,
});

describe('finding one', () => {
  it('takes LIVEKIT_SERVER before the PATH, and the PATH before the cache folder', () => {
    const named = program('named', '');
    const onPath = program('path/livekit-server', '');
    const env = { XDG_CACHE_HOME: join(folder, 'cache'), PATH: `/nowhere:${dirname(onPath)}` };
    const cached = cachedBinary(env).path;
    program(cached.slice(folder.length), '');
    expect(cached).toContain(join(folder, 'cache', 'livekit-switchboard', 'livekit-server-v'));
    expect(findLiveKitServer({ ...env, LIVEKIT_SERVER: named })).toBe(named);
    expect(findLiveKitServer(env)).toBe(onPath);
    expect(findLiveKitServer({ ...env, PATH: '' })).toBe(cached);
    expect(findLiveKitServer({ ...env, LIVEKIT_SERVER: 'off' })).toBeUndefined();
  });

  it('refuses a LIVEKIT_SERVER that cannot be run', () => {
    expect(() => findLiveKitServer({ LIVEKIT_SERVER: folder })).toThrow(/nothing can be run at/);
  });

  it('ignores a relative XDG_CACHE_HOME, as its specification asks', () => {
    expect(cachedBinary({ XDG_CACHE_HOME: 'cache' })).toEqual(cachedBinary({}));
  });
});

describe('running one', () => {
  it('waits until it answers, and ends it though it would rather wait', async () => {
    const port = await freePort();
    const url = `ws://localhost:${port}`;
    expect(await whoAnswers(url)).toBe('nothing');
    const server = await startLiveKitServer(optionsOf(program('stubborn', STUBBORN), port));
    expect(await whoAnswers(url)).toBe('livekit');
    await server.stop();
    expect(await whoAnswers(url)).toBe('nothing');
  });

  it('tells its last words where it ends at once', async () => {
    const broken = program('broken', BROKEN);
    await expect(startLiveKitServer(optionsOf(broken, await freePort()))).rejects.toThrow(
      'it ended at once. could not start: no luck',
    );
  });

  it('waits 10 seconds and no longer, by the clock that it is given', async () => {
    const clock = createFakeClock();
    const silent = program('silent', 'setInterval(() => {}, 1000);');
    const options = { ...optionsOf(silent, await freePort()), clock };
    const outcome = expect(startLiveKitServer(options)).rejects.toThrow(
      'it did not answer in 10000 ms.',
    );
    await vi.waitFor(() => expect(clock.waiting()).toEqual([50]));
    clock.shiftWall(3_600_000);
    clock.advance(9_999);
    await vi.waitFor(() => expect(clock.waiting()).toEqual([50]));
    clock.advance(50);
    await outcome;
  });

  it.each([
    [undefined, ['127.0.0.1'], '127.0.0.1'],
    ['192.0.2.7', ['127.0.0.1', '192.0.2.7'], '192.0.2.7'],
  ])('given the address %s it listens on %j, and media are at %s', async (address, at, media) => {
    const port = await freePort();
    const file = join(folder, `config-${port}.json`);
    const telling = program(
      `telling-${port}`,
      `const config = process.env.LIVEKIT_CONFIG;
       require('node:fs').writeFileSync(${JSON.stringify(file)}, config);
       const answer = (_request, response) => response.end('OK');
       require('node:http').createServer(answer).listen(JSON.parse(config).port, '127.0.0.1');`,
    );
    const server = await startLiveKitServer({ ...optionsOf(telling, port), address });
    await server.stop();
    const { bind_addresses, rtc } = JSON.parse(readFileSync(file, 'utf8'));
    const { node_ip, ips } = rtc;
    expect({ bind_addresses, node_ip, ips }).toEqual({
      bind_addresses: at,
      node_ip: media,
      ips: { includes: [`${media}/32`] },
    });
  });

  it('tells it where its webhooks go', async () => {
    const port = await freePort();
    const file = join(folder, `webhook-${port}.json`);
    const telling = program(
      `telling-${port}`,
      `const config = process.env.LIVEKIT_CONFIG;
       require('node:fs').writeFileSync(${JSON.stringify(file)}, config);
       const answer = (_request, response) => response.end('OK');
       require('node:http').createServer(answer).listen(JSON.parse(config).port, '127.0.0.1');`,
    );
    const webhookUrl = 'http://127.0.0.1:3000/api/calls/livekit-webhook';
    const server = await startLiveKitServer({ ...optionsOf(telling, port), webhookUrl });
    await server.stop();
    const { webhook } = JSON.parse(readFileSync(file, 'utf8'));
    expect(webhook).toEqual({ api_key: 'devkey', urls: [webhookUrl] });
  });

  it('does not leave it behind in a crash', async () => {
    const port = await freePort();
    const options = JSON.stringify(optionsOf(program('stubborn', STUBBORN), port));
    const module = new URL('../../src/dev/livekit-server.ts', import.meta.url).href;
    const clock = new URL('../../src/base/clock.ts', import.meta.url).href;
    const crash = `
      import { startLiveKitServer, whoAnswers } from '${module}';
      import { systemClock as clock } from '${clock}';
      await startLiveKitServer({ ...${options}, clock });
      console.log(await whoAnswers('http://127.0.0.1:${port}'));
      throw new Error('crash');`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', crash]);
    let out = '';
    parent.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const [code] = await once(parent, 'close');
    expect({ code, out }).toEqual({ code: 1, out: 'livekit\n' });
    await expect.poll(() => whoAnswers(`http://127.0.0.1:${port}`)).toBe('nothing');
  });
});

describe('what a person is told', () => {
  const target = { apiKey: 'devkey', apiSecret: 'secret', own: true };
  const provide = (url: string) =>
    provideLiveKit({ target: { ...target, url }, binary: undefined, clock: systemClock });

  it('how to get one where there is none', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    expect(await provide(url)).toEqual({ sentence: noLiveKitServer() });
    expect(noLiveKitServer()).toContain('run `npm run livekit` once (needs Go 1.26)');
  });

  it('no script that an installed package does not have', () => {
    const sentence = noLiveKitServer(false);
    expect(sentence).not.toContain('npm run');
    expect(sentence).toContain('install livekit-server (https://docs.livekit.io/');
  });

  it('that another one is used, or that the port is taken', async () => {
    let body = 'OK';
    const other = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `ws://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect((await provide(url)).sentence).toContain('which was running already');
    body = 'hello';
    expect((await provide(url)).sentence).toContain('is taken');
    other.close();
  });
});
