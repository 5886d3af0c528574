// Finding and running a LiveKit server. A small program stands in for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_LIVEKIT_SERVER, provideLiveKit } from '../../src/dev/livekit.ts';
import { cachedBinary, findLiveKitServer } from '../../src/dev/livekit-binary.ts';
import { startLiveKitServer, whoAnswers } from '../../src/dev/livekit-server.ts';
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

  it('does not leave it behind in a crash', async () => {
    const port = await freePort();
    const options = JSON.stringify(optionsOf(program('stubborn', STUBBORN), port));
    const module = new URL('../../src/dev/livekit-server.ts', import.meta.url).href;
    const crash = `
      import { startLiveKitServer, whoAnswers } from '${module}';
      await startLiveKitServer(${options});
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

  it('how to get one where there is none', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    expect(await provideLiveKit({ ...target, url }, undefined)).toEqual({
      sentence: NO_LIVEKIT_SERVER,
    });
    expect(NO_LIVEKIT_SERVER).toContain('run `npm run livekit` once (needs Go 1.26)');
  });

  it('that another one is used, or that the port is taken', async () => {
    let body = 'OK';
    const other = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `ws://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect((await provideLiveKit({ ...target, url }, undefined)).sentence).toContain(
      'which was running already',
    );
    body = 'hello';
    expect((await provideLiveKit({ ...target, url }, undefined)).sentence).toContain('is taken');
    other.close();
  });
});
