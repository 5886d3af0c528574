// The backends that WEBHOOK_URLS name: one line each, and never their path.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { DoctorParts } from '../../src/doctor/doctor.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { freePort } from '../fakes/free-port.ts';
import { cleanups, type Row, rowsOf, setUp } from './stage.ts';

const NAME = 'Webhook URL';
const WEBHOOK_SECRET = `whsec_${Buffer.from('webhook-recognizable-secret-0123').toString('base64')}`;
const PATH = '/recognizable?key=recognizable';

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
const backend = async (answer: RequestListener) =>
  `http://127.0.0.1:${await listening(createServer(answer))}${PATH}`;

async function checked(
  urls: readonly string[],
  { hosts = '127.0.0.1', ...parts }: Partial<DoctorParts> & { hosts?: string } = {},
): Promise<readonly Row[]> {
  const { env } = await setUp();
  const webhooks = { WEBHOOK_URLS: urls.join(','), WEBHOOK_SECRET, WEBHOOK_ALLOWED_HOSTS: hosts };
  const rows = await rowsOf({ ...env, DATABASE_URL: 'sqlite::memory:', ...webhooks }, parts);
  return rows.filter(({ name }) => name === NAME);
}

describe('a backend that is to hear events', () => {
  it.each([200, 204, 401, 405, 501])('is in reach where it answers %i to HEAD', async (status) => {
    const asked: unknown[] = [];
    const url = await backend(({ method, url: path }, response) => {
      asked.push([method, path]);
      response.writeHead(status).end();
    });
    expect(await checked([url])).toMatchObject([{ result: 'ok' }]);
    expect((await checked([url]))[0]?.detail).toMatch(
      new RegExp(`^127\\.0\\.0\\.1:\\d+ answers ${status} to HEAD: it can be reached`),
    );
    expect(asked[0]).toEqual(['HEAD', PATH]);
  });

  it.each([
    [404, /^warning: .* answers 404 to HEAD: right where the path takes POST alone/],
    [302, /^warning: .* answers 302 to HEAD, and events follow no redirect/],
  ])('is warned about where it answers %i', async (status, detail) => {
    const url = await backend((_request, response) => response.writeHead(status).end());
    expect(await checked([url])).toMatchObject([
      { result: 'ok', detail: expect.stringMatching(detail) },
    ]);
  });

  it.each([500, 503])('fails where it answers %i', async (status) => {
    const url = await backend((_request, response) => response.writeHead(status).end());
    expect(await checked([url])).toMatchObject([
      {
        result: 'failed',
        detail: expect.stringMatching(new RegExp(`answers ${status} to HEAD$`)),
        fix: expect.stringContaining('log of your backend'),
      },
    ]);
  });

  it('has a line of its own beside others', async () => {
    const good = await backend((_request, response) => response.writeHead(204).end());
    const nobody = `http://127.0.0.1:${await freePort()}${PATH}`;
    expect(await checked([nobody, good])).toMatchObject([
      {
        result: 'failed',
        detail: expect.stringMatching(/^nothing listens at 127/),
        fix: expect.stringContaining('WEBHOOK_URLS'),
      },
      { result: 'ok' },
    ]);
  });

  it('fails where DNS leads to no public address, unless its host is named', async () => {
    const look: unknown = (
      _name: string,
      _options: unknown,
      answer: (error: null, found: { address: string; family: number }[]) => void,
    ) => answer(null, [{ address: '10.1.2.3', family: 4 }]);
    const lookUp = look as NonNullable<DoctorParts['lookUp']>;
    expect(await checked([`https://chat.example${PATH}`], { lookUp })).toMatchObject([
      {
        result: 'failed',
        detail: 'chat.example leads to no public address',
        fix: expect.stringContaining('WEBHOOK_ALLOWED_HOSTS'),
      },
    ]);
  });

  it('fails where DNS does not know it', async () => {
    const look: unknown = (_name: string, _options: unknown, answer: (error: Error) => void) =>
      answer(Object.assign(new Error('recognizable'), { code: 'ENOTFOUND' }));
    const lookUp = look as NonNullable<DoctorParts['lookUp']>;
    expect(await checked([`https://chat.example${PATH}`], { lookUp })).toMatchObject([
      { result: 'failed', detail: 'DNS knows no host chat.example' },
    ]);
  });

  it('fails where nobody knows who has signed its certificate', async () => {
    const port = await listening(createTlsServer(makeCertificate()));
    expect(await checked([`https://127.0.0.1:${port}${PATH}`])).toMatchObject([
      { result: 'failed', detail: expect.stringMatching(/^the TLS certificate of 127/) },
    ]);
  });

  it('that hangs fails in time', async () => {
    const url = await backend(() => {});
    const clock = createFakeClock();
    const rows = checked([url], { clock });
    await vi.waitFor(() => expect(clock.waiting()).toEqual([3_000]), { timeout: 10_000 });
    clock.advance(3_000);
    expect(await rows).toMatchObject([
      { result: 'failed', detail: expect.stringMatching(/^no answer from 127.* within 3 s$/) },
    ]);
  });

  it('is none where there are no WEBHOOK_URLS', async () => {
    const { env } = await setUp();
    const rows = await rowsOf({ ...env, DATABASE_URL: 'sqlite::memory:' });
    expect(rows.map(({ name }) => name)).not.toContain(NAME);
  });
});
