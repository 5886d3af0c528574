// How `npm run dev` ends: signals as a terminal sends them, with a LiveKit server beside it.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDevelopment } from '../../src/dev/dev.ts';
import { whoAnswers } from '../../src/dev/livekit-server.ts';
import { isPortOpen, npm, ROOT } from '../npm-run.ts';

const LIVEKIT_PORT = 7880;
/** Development mode takes LiveKit's own port; where somebody has it already it starts none. */
const isTaken = (await whoAnswers(`http://127.0.0.1:${LIVEKIT_PORT}`)) !== 'nothing';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-signals-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Stands in for a LiveKit server, and writes down its process id. */
function program(name: string, source: string) {
  const binary = join(folder, name);
  const pidFile = `${binary}.pid`;
  const first = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));`;
  writeFileSync(binary, `#!${process.execPath}\n${source}\n${first}\n`);
  chmodSync(binary, 0o755);
  return {
    binary,
    hasStarted: () => vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), 10_000),
    isRunning: () => {
      try {
        process.kill(Number(readFileSync(pidFile, 'utf8')), 0);
        return true;
      } catch {
        return false;
      }
    },
  };
}

const answering = (onSignals: string) => `
  const { port } = JSON.parse(process.env.LIVEKIT_CONFIG);
  for (const signal of ['SIGINT', 'SIGTERM']) ${onSignals}
  require('node:http').createServer((_, response) => response.end('OK')).listen(port, '127.0.0.1');`;
const WILLING = answering('process.on(signal, () => process.exit(0));');
const STUBBORN = answering('process.on(signal, () => {});');
const SILENT = `setInterval(() => {}, 1000); for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => {});`;

function npmRunDev(binary = 'off') {
  const env = { PORT: '0', LIVEKIT_SERVER: binary, DATABASE_URL: 'sqlite::memory:' };
  const dev = npm(['run', 'dev'], { cwd: ROOT, env });
  cleanups.push(dev.cleanUp);
  return dev;
}

const portOf = (out: string): number => Number(/localhost:(\d+)/.exec(out)?.[1]);

async function expectNothingLeft(dev: ReturnType<typeof npmRunDev>) {
  const { code, out, err } = await dev.ended;
  // npm hands its script's code on, or ends by the signal itself.
  expect(code).not.toBe(1);
  expect(out + err).not.toMatch(/by force|has ended|npm error|\n {4}at |Error/);
  expect(err).toBe('');
  expect(dev.isGone()).toBe(true);
}

describe('npm run dev, signalled as a group', { timeout: 20_000 }, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends well on %s', async (signal) => {
    const dev = npmRunDev();
    await dev.says('Ctrl-C');
    dev.signalGroup(signal);
    await expectNothingLeft(dev);
    expect(await isPortOpen(portOf(dev.out()))).toBe(false);
  });

  it.skipIf(isTaken).each([
    ['ends with it', WILLING],
    ['would rather stay', STUBBORN],
  ])('takes a LiveKit server along that %s', async (how, source) => {
    const liveKit = program(how, source);
    const dev = npmRunDev(liveKit.binary);
    await dev.says('Ctrl-C');
    expect(dev.out()).toContain('started from');
    expect(liveKit.isRunning()).toBe(true);
    dev.signalGroup('SIGINT');
    await expectNothingLeft(dev);
    expect(liveKit.isRunning()).toBe(false);
    expect(await isPortOpen(LIVEKIT_PORT)).toBe(false);
  });

  it.skipIf(isTaken)('ends while it waits for a LiveKit server that never answers', async () => {
    const liveKit = program('silent', SILENT);
    const dev = npmRunDev(liveKit.binary);
    await liveKit.hasStarted();
    dev.signalGroup('SIGINT');
    await expectNothingLeft(dev);
    expect(dev.out()).not.toContain('Ctrl-C');
    expect(liveKit.isRunning()).toBe(false);
  });
});

it.skipIf(isTaken)('a stop in the middle of the start leaves nothing running', async () => {
  const liveKit = program('silent-too', SILENT);
  const said: string[] = [];
  const env = { PORT: '0', LIVEKIT_SERVER: liveKit.binary, DATABASE_URL: 'sqlite::memory:' };
  const development = createDevelopment(env, (text) => said.push(text));
  const started = expect(development.start()).rejects.toThrow(/abort/);
  await liveKit.hasStarted();
  await development.stop();
  await started;
  expect({ said, isRunning: liveKit.isRunning() }).toEqual({ said: [], isRunning: false });
});
