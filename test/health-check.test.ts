// The container's health check, as the Dockerfile has it, against a server on loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

const dockerfile = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8');
const [, ...args] = JSON.parse(/^HEALTHCHECK .* CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]');

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

async function listen(address: string, status = 200): Promise<number> {
  server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? status : 404).end();
  }).listen(0, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function check(env: Record<string, string>): Promise<number> {
  const [code] = await once(spawn(process.execPath, args, { env }), 'exit');
  return code;
}

describe('the health check of the container', () => {
  it.each([
    ['no HOST', '127.0.0.1', {}],
    ['an empty HOST', '127.0.0.1', { HOST: '' }],
    ['HOST=0.0.0.0', '0.0.0.0', { HOST: '0.0.0.0' }],
    ['HOST=::', '127.0.0.1', { HOST: '::' }],
    ['HOST=[::]', '127.0.0.1', { HOST: '[::]' }],
    ['HOST=127.0.0.2', '127.0.0.2', { HOST: '127.0.0.2' }],
  ])('finds the server with %s', async (_what, address, env) => {
    expect(await check({ ...env, PORT: String(await listen(address)) })).toBe(0);
  });

  it('fails where the server says that it is not well, and where there is none', async () => {
    const port = await listen('127.0.0.1', 503);
    expect(await check({ PORT: String(port) })).toBe(1);
    server?.close();
    expect(await check({ PORT: String(port) })).toBe(1);
  });
});
