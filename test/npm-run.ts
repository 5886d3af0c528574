// `npm run` as a terminal does it: a process group of its own, which a signal reaches as a whole.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

export const ROOT = join(import.meta.dirname, '..');

/**
 * A folder with this package as it would be installed, compiled now: the `dist` of the checkout may
 * be older than `src`, and compiling it anew would pull it from under others.
 */
export function buildPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-package-'));
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const args = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')];
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), args);
  expect(status, String(stdout)).toBe(0);
  return folder;
}

export function npm(args: string[], { cwd, env }: { cwd: string; env: Record<string, string> }) {
  const child = spawn('npm', args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const group = -(child.pid as number);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const isGone = () => {
    try {
      process.kill(group, 0);
      return false;
    } catch {
      return true;
    }
  };
  return {
    out: () => out,
    /** When npm has ended, and everything that holds its output. */
    ended: once(child, 'close').then(([code]) => ({ code, out, err })),
    says: (what: string) =>
      expect.poll(() => out + err, { timeout: 10_000, interval: 10 }).toContain(what),
    /** The first log line with this message, once it is there. */
    async line(message: string): Promise<Record<string, unknown>> {
      const search = `"msg":"${message}`;
      await this.says(search);
      return JSON.parse(out.split('\n').find((line) => line.includes(search)) ?? '{}');
    },
    /** As a terminal, or a platform that ends a whole unit. */
    signalGroup: (signal: NodeJS.Signals) => void (isGone() || process.kill(group, signal)),
    isGone,
    cleanUp: () => void (isGone() || process.kill(group, 'SIGKILL')),
  };
}

export async function isPortOpen(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
