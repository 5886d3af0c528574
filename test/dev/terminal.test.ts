// The lines of development mode, for requests of a real server.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Logger, LogLevel } from '../../src/base/log.ts';
import { createTerminal } from '../../src/dev/terminal.ts';
import { createFakeClock } from '../fakes/clock.ts';

const NOON = new Date(2026, 10, 22, 12, 0, 0).getTime();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers with `status`, and tells as the switchboard does: when the answer is over. */
async function serve(
  level: LogLevel,
  tell: (log: Logger) => void,
  { status = 200, header }: { status?: number; header?: string } = {},
) {
  const said: string[] = [];
  const clock = createFakeClock(NOON);
  const terminal = createTerminal({ say: (text) => said.push(text), clock, level, header });
  const server = createServer((request, response) => {
    terminal.watch(request, response);
    response.once('finish', () => tell(terminal.log));
    response.once('close', () => response.writableFinished || tell(terminal.log));
    clock.advance(8);
    if (request.url !== '/waits') response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, ...headers: string[]) => raw(port, path, headers);
  return { said, port, log: terminal.log, tell: terminal.tell, ask };
}

/** A path as it is: fetch would mend it. */
async function raw(port: number, path: string, headers: readonly string[]): Promise<void> {
  const socket = createConnection({ host: '127.0.0.1', port });
  const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers];
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
  socket.resume();
  await once(socket, 'close');
}

const line = (fields: object) => ({ requestId: 'r-1', ms: 8, ...fields });

describe('a request', () => {
  it('is a line: when, what, its status and code, who, how long', async () => {
    const fields = line({ uid: 'alice', code: 'room_forbidden', err: undefined });
    const { said, ask } = await serve('info', (log) => log.info(fields, 'refused'), {
      status: 403,
    });
    await ask('/api/calls/livekit-token?access=hidden');
    await vi.waitFor(() =>
      expect(said).toEqual([
        '12:00:00  GET /api/calls/livekit-token  403 room_forbidden  alice  8 ms',
      ]),
    );
  });

  it('that failed has the sentence and the cause below', async () => {
    const err = Object.assign(new Error('no answer'), {
      cause: new Error('ECONNREFUSED\u001b[2J'),
    });
    const fields = line({ code: 'access_unavailable', err });
    const tell = (log: Logger) => log.error(fields, 'Who may enter cannot be told.');
    const { said, ask } = await serve('info', tell, { status: 503 });
    await ask('/api');
    await vi.waitFor(() =>
      expect(said).toEqual([
        [
          '12:00:00  GET /api  503 access_unavailable  8 ms',
          'Who may enter cannot be told.',
          'no answer',
          'ECONNREFUSED [2J',
        ].join('\n          '),
      ]),
    );
  });

  it('whose client went away is told as that', async () => {
    const tell = (log: Logger) => log.info(line({ uid: 'bob' }), 'aborted');
    const { said, port } = await serve('info', tell);
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.write('GET /waits HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(servers[0] as Server, 'request');
    socket.destroy();
    await vi.waitFor(() => expect(said).toEqual(['12:00:00  GET /waits  went away  bob  8 ms']));
  });

  it.each([
    ['Authorization', undefined],
    ['X-Switchboard', 'x-switchboard'],
  ])('by ticket says so, and not which: %s', async (name, header) => {
    const tell = (log: Logger) => log.info(line({ uid: 'bob' }), 'answered');
    const { said, ask } = await serve('info', tell, header === undefined ? {} : { header });
    await ask('/api', `${name}: Bearer swt_hidden`);
    await ask('/api', `${name}: Bearer eyJhidden`);
    await vi.waitFor(() =>
      expect(said).toEqual([
        '12:00:00  GET /api  200  bob by ticket  8 ms',
        '12:00:00  GET /api  200  bob  8 ms',
      ]),
    );
  });

  it('cannot write into the terminal, nor fill it', async () => {
    const fields = line({ uid: 'eve\u001b[2J' });
    const { said, ask } = await serve('info', (log) => log.info(fields, 'answered'));
    await ask('/\u001b[2J');
    await ask('/\u009b2J');
    await ask(`/${'a'.repeat(500)}`);
    await vi.waitFor(() => expect(said).toHaveLength(1));
    expect(said[0]).toMatch(/^12:00:00 {2}GET \/a+… {2}200 {2}"eve\\u001b\[2J" {2}8 ms$/);
    expect(said[0]?.length).toBeLessThan(200);
  });
});

describe('LOG_LEVEL', () => {
  const webhook = '/api/calls/livekit-webhook';
  const paths = ['/', '/dev/page/main.js', webhook, '/dev/id-token/alice', '/api'];
  it.each([
    ['debug', paths],
    ['info', ['/dev/id-token/alice', '/api']],
    ['warn', []],
    ['silent', []],
  ] as const)('%s tells of %j', async (level, told) => {
    const { said, ask } = await serve(level, () => {});
    for (const path of paths) await ask(path);
    await ask('/last');
    const expected = level === 'debug' || level === 'info' ? [...told, '/last'] : told;
    await vi.waitFor(() => expect(said).toHaveLength(expected.length));
    expect(said.map((text) => text.split(/ +/)[2])).toEqual(expected);
  });

  it.each([
    ['debug', ['debug: fine (devices 2)', 'warning: odd', 'error: bad']],
    ['warn', ['warning: odd', 'error: bad']],
    ['error', ['error: bad']],
    ['silent', []],
  ] as const)('%s lets through %j', async (level, expected) => {
    const { said, log } = await serve(level, () => {});
    log.debug({ devices: 2, err: undefined, of: {} }, 'fine');
    log.info({}, 'listening');
    log.warn({}, 'odd');
    log.error({ err: new Error('cause') }, 'bad');
    expect(said.map((text) => text.split('\n')[0]?.slice(10))).toEqual(expected);
  });

  it.each([
    ['debug', ['12:00:00  push ring [2J']],
    ['info', ['12:00:00  push ring [2J']],
    ['warn', []],
  ] as const)('%s tells of what is no request: %j', async (level, expected) => {
    const { said, tell } = await serve(level, () => {});
    tell('push ring\u001b[2J');
    expect(said).toEqual(expected);
  });

  it('a fault of the server itself is told also where requests are not', async () => {
    const { said, ask } = await serve('error', () => {}, { status: 500 });
    await ask('/');
    await vi.waitFor(() => expect(said).toEqual(['12:00:00  GET /  500  8 ms']));
  });
});
