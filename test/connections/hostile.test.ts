// What answers don't show: hostile and clumsy connections, and what is left of them afterwards.
import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PROJECT_ID, signIdToken } from '../fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { answersIn } from '../raw.ts';
import type { State } from './server.ts';

const MiB = 1024 * 1024;
/** The lines that the server keeps to be counted, and what a heap differs by from look to look. */
const HELD_MAX_BYTES = 3 * MiB;
/** Less than one of the floods, of which there are several at once. */
const PEAK_MAX_BYTES = 224 * MiB;
const FLOOD_BYTES = 256 * MiB;
const PATH = '/api/calls/livekit-token';
const TOKEN = signIdToken();

/** A request as text. */
function text(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): string {
  const all = {
    host: 'x',
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const ask = (roomName: string, headers: Record<string, string> = {}) =>
  text('POST', PATH, {
    headers: { authorization: `Bearer ${TOKEN}`, ...JSON_TYPE, ...headers },
    body: JSON.stringify({ roomName, participantIdentity: 'alice' }),
  });
const FAST = ask('room-1');
const SLOW = ask('slow');
const LAST = ask('room-1', { connection: 'close' });
const endless = (method: string, headers: Record<string, string> = {}) =>
  text(method, PATH, { headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked', ...headers } });
const CHUNK = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
const BAD_CHUNK = 'no length\r\n';

interface Client {
  readonly socket: Socket;
  /** What has come so far. */
  received(): string;
  /** Resolves when `count` bytes have come, or nothing more will. */
  has(count: number): Promise<void>;
  /** Resolves when the server has closed its side, or the connection is gone. */
  over(): Promise<void>;
}

/** Keeps its own side open whatever the server does, unless a scenario ends it. */
async function open(port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  let isOver = false;
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      isOver = true;
    });
  }
  socket.on('data', (chunk) => chunks.push(chunk));
  // A letter a byte, as lengths count them.
  const received = () => Buffer.concat(chunks).toString('latin1');
  return {
    socket,
    received,
    has: (count) =>
      expect.poll(() => isOver || received().length >= count, { timeout: 10_000 }).toBe(true),
    over: () => expect.poll(() => isOver, { timeout: 15_000 }).toBe(true),
  };
}

/** Until `bytes` were sent or the server has had enough. */
async function pour(socket: Socket, bytes: number, piece: string): Promise<void> {
  for (let sent = 0; sent < bytes && socket.writable; sent += piece.length) {
    if (!socket.write(piece)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const events = ['drain', 'close', 'error'];
      for (const event of events) socket.on(event, resolve);
      await promise;
      for (const event of events) socket.off(event, resolve);
    }
  }
}

interface Scenario {
  readonly name: string;
  readonly run: (client: Client) => Promise<void> | void;
  /** The statuses of the answers, in their order; undefined: none need come. */
  readonly answers?: readonly number[];
  /** The lines of the log, by status or `aborted`, in any order. */
  readonly lines?: readonly (number | 'aborted')[];
  /** Only where the server is ours; in a host it is the host's to judge. */
  readonly ours?: true;
}

const resetAt = (what: string, request: string, at: number): Scenario => ({
  name: `a reset in ${what}`,
  async run({ socket }) {
    await new Promise((done) => socket.write(request.slice(0, at), done));
    socket.resetAndDestroy();
  },
});
const HEAD_BYTES = FAST.indexOf('\r\n\r\n') + 4;

const SCENARIOS: readonly Scenario[] = [
  { name: 'silence', run: () => {}, answers: [408], lines: [408], ours: true },
  {
    name: 'half a head',
    run: ({ socket }) => void socket.write('GET /healthz HTTP/1.1\r\nhos'),
    answers: [408],
    lines: [408],
    ours: true,
  },
  {
    name: 'no HTTP at all, and then nothing',
    run: ({ socket }) => void socket.write('hello\r\n\r\n'),
    answers: [400],
    lines: [400],
    ours: true,
  },
  {
    name: 'TLS',
    run: ({ socket }) => void socket.write(Buffer.from('16030100a5010000a10303', 'hex')),
    answers: [400],
    lines: [400],
    ours: true,
  },
  {
    name: 'no HTTP, without end',
    run: ({ socket }) => pour(socket, 64 * MiB, 'no HTTP at all\r\n'.repeat(4_096)),
    answers: [400],
    lines: [400],
    ours: true,
  },
  {
    name: 'a head without end',
    run: ({ socket }) => pour(socket, 8 * MiB, `GET / HTTP/1.1\r\nx: ${'y'.repeat(65_536)}`),
    answers: [431],
    lines: [431],
    ours: true,
  },
  resetAt('the connection', FAST, 0),
  resetAt('the request line', FAST, 10),
  resetAt('the headers', FAST, 60),
  { ...resetAt('the head’s end', FAST, HEAD_BYTES), lines: ['aborted'] },
  { ...resetAt('the body', FAST, FAST.length - 5), lines: ['aborted'] },
  {
    name: 'a reset while the access rule is asked',
    async run({ socket }) {
      await new Promise((done) => socket.write(SLOW, done));
      socket.resetAndDestroy();
    },
    lines: ['aborted'],
  },
  {
    name: 'a reset after the answer',
    async run({ socket, has }) {
      socket.write(FAST);
      await has(100);
      socket.resetAndDestroy();
    },
    lines: [200],
  },
  {
    name: 'a reset behind questions that wait for their turn',
    async run({ socket }) {
      await new Promise((done) => socket.write(SLOW + FAST.repeat(20), done));
      socket.resetAndDestroy();
    },
    lines: Array(21).fill('aborted'),
  },
  {
    name: 'CONNECT and a reset',
    async run({ socket }) {
      await new Promise((done) => socket.write(text('CONNECT', 'x:443'), done));
      socket.resetAndDestroy();
    },
  },
  {
    name: 'CONNECT and silence',
    run: ({ socket }) => void socket.write(text('CONNECT', 'x:443')),
    answers: [400],
    lines: [400],
    ours: true,
  },
  {
    name: 'CONNECT and bytes without end',
    async run({ socket }) {
      socket.write(text('CONNECT', 'x:443'));
      await pour(socket, 64 * MiB, 'x'.repeat(65_536));
    },
    answers: [400],
    lines: [400],
    ours: true,
  },
  {
    name: 'CONNECT behind a question that waits',
    run: ({ socket }) => void socket.write(SLOW + text('CONNECT', 'x:443')),
    answers: [200, 400],
    lines: [200, 400],
    ours: true,
  },
  {
    name: 'CONNECT behind a question that waits, and a reset',
    async run({ socket }) {
      await new Promise((done) => socket.write(SLOW + text('CONNECT', 'x:443'), done));
      socket.resetAndDestroy();
    },
  },
  {
    name: 'an upgrade and a reset',
    async run({ socket }) {
      const headers = { connection: 'upgrade', upgrade: 'websocket' };
      await new Promise((done) => socket.write(text('GET', PATH, { headers }), done));
      socket.resetAndDestroy();
    },
  },
  {
    name: 'an upgrade to something else',
    async run({ socket, has }) {
      const headers = { connection: 'upgrade, close', upgrade: 'h2c' };
      socket.write(text('GET', PATH, { headers }));
      await has(100);
      socket.end();
    },
    answers: [405],
    lines: [405],
  },
  {
    name: 'questions one after the other',
    run: ({ socket }) => void socket.write(SLOW + FAST + SLOW + LAST),
    answers: [200, 200, 200, 200],
    lines: [200, 200, 200, 200],
  },
  {
    name: 'nonsense behind questions that wait',
    run: ({ socket }) => void socket.write(`${SLOW + FAST}nonsense\r\n\r\n`),
    answers: [200, 200, 400],
    lines: [200, 200, 400],
    ours: true,
  },
  {
    name: 'no host behind a question that waits',
    run: ({ socket }) => void socket.write(`${SLOW}GET /healthz HTTP/1.1\r\n\r\n`),
    answers: [200, 400],
    lines: [200, 400],
    ours: true,
  },
  {
    name: 'more questions than may wait',
    run: ({ socket }) => void socket.write(SLOW + text('GET', '/openapi.json').repeat(1_500)),
    answers: [...Array(50).fill(200), 429],
    lines: [...Array(50).fill(200), 429],
    ours: true,
  },
  {
    name: 'OPTIONS with a body without end',
    async run({ socket }) {
      socket.write(endless('OPTIONS'));
      await pour(socket, FLOOD_BYTES, CHUNK);
    },
    ours: true,
    answers: [405],
    lines: [405],
  },
  {
    name: 'OPTIONS with half a body',
    run: ({ socket }) => void socket.write(`${endless('OPTIONS', { connection: 'close' })}1\r\n{`),
    ours: true,
    answers: [405],
    lines: [405],
  },
  {
    name: 'OPTIONS with a body that is no JSON',
    run: ({ socket }) =>
      void socket.write(
        text('OPTIONS', PATH, { headers: { ...JSON_TYPE, connection: 'close' }, body: '{' }),
      ),
    ours: true,
    answers: [405],
    lines: [405],
  },
  {
    name: 'a body without end, without a token',
    async run({ socket }) {
      socket.write(endless('POST'));
      await pour(socket, FLOOD_BYTES, CHUNK);
    },
    answers: [401],
    lines: [401],
  },
  {
    name: 'a body without end, with a token',
    async run({ socket }) {
      socket.write(endless('POST', { authorization: `Bearer ${TOKEN}` }));
      await pour(socket, FLOOD_BYTES, CHUNK);
    },
    answers: [413],
    lines: [413],
  },
  {
    name: 'a body that stops',
    run: ({ socket }) => void socket.write(FAST.slice(0, -5)),
    answers: [408],
    lines: [408],
    ours: true,
  },
  {
    name: 'a body that stops, where nobody wants it',
    run: ({ socket }) =>
      void socket.write(text('GET', '/healthz', { headers: { 'content-length': '9' } })),
    answers: [200],
    lines: [200],
    ours: true,
  },
  {
    name: 'a body that stops being chunks',
    run: ({ socket }) =>
      void socket.write(
        `${endless('POST', { authorization: `Bearer ${TOKEN}` })}1\r\n{\r\n${BAD_CHUNK}`,
      ),
    answers: [400],
    lines: [400],
    ours: true,
  },
  {
    name: 'a refused body that stops being chunks',
    async run({ socket, has }) {
      socket.write(`${endless('POST')}1\r\n{\r\n`);
      await has(100);
      socket.write(BAD_CHUNK);
    },
    answers: [401],
    lines: [401],
    ours: true,
  },
  {
    name: 'a body that stops being chunks, where nobody wants it',
    run: ({ socket }) =>
      void socket.write(
        text('GET', '/openapi.json', { headers: { 'transfer-encoding': 'chunked' } }) + BAD_CHUNK,
      ),
    answers: [200],
    lines: [200],
    ours: true,
  },
  {
    name: 'a refused body that stops being chunks after more than is drained',
    run: ({ socket }) => void socket.write(endless('POST') + CHUNK.repeat(65) + BAD_CHUNK),
    answers: [401],
    lines: [401],
    ours: true,
  },
  {
    name: 'a refused body that stops being chunks, behind a question that waits',
    async run({ socket, has }) {
      socket.write(`${SLOW + endless('POST')}1\r\n{\r\n${BAD_CHUNK}`);
      await has(100);
    },
    answers: [200, 401],
    lines: [200, 401],
    ours: true,
  },
  {
    name: 'Expect: 100-continue, and then nothing',
    run: ({ socket }) =>
      void socket.write(
        ask('room-1', { expect: '100-continue' }).slice(0, -50).split('{')[0] as string,
      ),
    answers: [100, 408],
    lines: [408],
    ours: true,
  },
  {
    name: 'Expect: 100-continue, and a reset',
    async run({ socket, has }) {
      socket.write(ask('room-1', { expect: '100-continue' }).split('{')[0] as string);
      await has(10);
      socket.resetAndDestroy();
    },
    lines: ['aborted'],
  },
  {
    name: 'a client that has said all and closes its side',
    run: ({ socket }) => void socket.end(FAST),
  },
  {
    name: 'a client that closes its side in the middle',
    run: ({ socket }) => void socket.end(FAST.slice(0, -5)),
  },
];

describe.each(['standalone', 'mounted'] as const)('a %s server', (kind) => {
  let keys: KeyEndpoint;
  let child: ChildProcess;
  const ended = new AbortController();
  let port: number;
  let atRest: number;
  let peakAtRest: number;
  const clients: Client[] = [];

  /** What the server tells; rejects where it has ended. */
  const told = async (about: string) => {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(20_000)]);
    for await (const [message] of on(child, 'message', { signal })) {
      if (message.about === about) return message.told;
    }
  };
  let questions = 0;
  const state = (): Promise<State> => {
    questions += 1;
    const about = `question ${questions}`;
    const answer = told(about);
    if (child.connected) child.send(about);
    return answer;
  };
  const isAlive = async () =>
    (await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } })).status;
  /** Everything that a client has left is gone. */
  const settled = async () => {
    await expect.poll(async () => (await state()).sockets, { timeout: 15_000 }).toBe(atRest);
    return state();
  };

  beforeAll(async () => {
    keys = await startKeyEndpoint();
    child = fork(join(import.meta.dirname, 'server.ts'), [kind], {
      env: { PATH: process.env.PATH, PROJECT_ID, KEYS_URL: keys.url },
      execArgv: ['--expose-gc'],
    });
    child.once('exit', (code) => ended.abort(new Error(`the server has ended with ${code}`)));
    port = await told('port');
    // What comes late is there: the keys, and what is loaded at the first request.
    await isAlive();
    if (kind === 'mounted') await fetch(`http://127.0.0.1:${port}${PATH}`, { method: 'POST' });
    await vi.waitUntil(async () => keys.requests === 1 && (await keys.connections()) === 0);
    await vi.waitUntil(async () => (await state()).lines.length > 0);
    ({ sockets: atRest, peakBytes: peakAtRest } = await state());
  });
  afterAll(async () => {
    for (const { socket } of clients) socket.destroy();
    child.kill('SIGKILL');
    if (!ended.signal.aborted) await once(child, 'exit');
    await keys.close();
  });

  const scenarios = SCENARIOS.filter(({ ours }) => kind === 'standalone' || ours !== true);

  it.each(scenarios)(
    'outlives $name, with nothing left of it',
    async ({ run, answers, lines }) => {
      const before = await settled();
      const client = await open(port);
      clients.push(client);
      await run(client);
      await client.over();
      const after = await settled();
      if (answers !== undefined) {
        expect(answersIn(client.received()).map(({ status }) => status)).toEqual(answers);
      }
      if (lines !== undefined) {
        const written = after.lines
          .slice(before.lines.length)
          .map(({ fields }) => (fields.aborted === true ? 'aborted' : fields.status));
        expect(written.sort()).toEqual([...lines].sort());
      }
      expect(await isAlive()).toBe(200);
      if (kind === 'standalone')
        await vi.waitUntil(async () => (await state()).lines.length > after.lines.length);
    },
    30_000,
  );

  it.runIf(kind === 'standalone')(
    'does not wait for ever for who reads no answers',
    async () => {
      const client = await open(port);
      clients.push(client);
      client.socket.pause();
      // A wave at a time, until the kernel takes no more of the answers and they stay with the server.
      const wave = text('GET', '/openapi.json').repeat(40);
      for (let isStuck = false; !isStuck; ) {
        const { lines } = await state();
        client.socket.write(wave);
        const isAnswered = async () => (await state()).lines.length >= lines.length + 40;
        isStuck = await vi.waitUntil(isAnswered, { timeout: 3_000, interval: 20 }).then(
          () => false,
          () => true,
        );
      }
      await settled();
      expect((await state()).lines.at(-1)?.fields.aborted).toBe(true);
    },
    60_000,
  );

  it('holds no more memory after all of it at once, and never held much', async () => {
    const before = await settled();
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        scenarios.map(async ({ run }) => {
          const client = await open(port);
          clients.push(client);
          await run(client);
          await client.over();
        }),
      );
    }
    const { peakBytes } = await settled();
    // Of what was poured in the last buffers go a collection later.
    await expect
      .poll(async () => (await state()).heldBytes - before.heldBytes, { timeout: 10_000 })
      .toBeLessThan(HELD_MAX_BYTES);
    expect(peakBytes - peakAtRest).toBeLessThan(PEAK_MAX_BYTES);
    expect(await isAlive()).toBe(200);
  }, 60_000);
});
