// Readers who ask for much and take nothing: what waits for all of them together has a bound.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createEngine, type Engine } from '../../src/http/engine.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { route } from '../../src/http/routes.ts';
import { createUntaken } from '../../src/http/untaken.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';
import { listen, MOUNTS, type Mount } from '../mounts.ts';

const MiB = 1024 * 1024;
const BOUND = 32;
/** More than the kernel takes of the answers on one connection, and fewer than may wait there. */
const AT_ONCE = 12;
const PAGE = 'x'.repeat(MiB);
const WAYS = ['/page', '/stream'];

const PLAIN = MOUNTS.find(({ name }) => name === 'plain node:http') as Mount;

describe.each(WAYS)('answers at %s that nobody takes', (path) => {
  let engine: Engine;
  let log: FakeLog;
  let baseUrl: string;
  let close: () => Promise<void>;
  let made = 0;
  const readers: Socket[] = [];

  beforeEach(async () => {
    made = 0;
    log = createFakeLog();
    const row = { admit: 'public', method: 'GET', schema: { summary: 'Of a test' } } as const;
    const page = () => {
      made += 1;
      return PAGE;
    };
    engine = createEngine({
      routes: [
        route({ ...row, path: '/page', answer: page }),
        route({
          ...row,
          path: '/stream',
          answer: () => ({
            async *stream() {
              yield page();
            },
          }),
        }),
      ],
      ...{ basePath: '/', corsOrigins: [], trustProxy: 0, headers: {} },
      ...{ clock: createFakeClock(), log, metrics: createMetrics() },
      isClosing: () => false,
      onFirstRequest() {},
      onHostClose: () => engine.stop(),
    });
    ({ baseUrl, close } = await (PLAIN.serve as NonNullable<Mount['serve']>)(engine));
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.destroy();
    await close();
  });

  /** Asks for `AT_ONCE` pages on a connection of its own, and takes none. */
  async function ask(): Promise<Socket> {
    const { port } = new URL(baseUrl);
    const reader = connect(Number(port), '127.0.0.1').on('error', () => {});
    readers.push(reader.pause());
    await once(reader, 'connect');
    const before = made;
    reader.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(AT_ONCE));
    await vi.waitUntil(() => made === before + AT_ONCE);
    return reader;
  }
  const pagesOver = () => log.lines.filter(({ fields }) => 'route' in fields).length;
  const pagesWaiting = () => made - pagesOver();

  it('are no more than 32 MiB, and whoever came first has to go', async () => {
    const first = await ask();
    for (let count = 1; count < 10; count += 1) {
      await ask();
      await vi.waitUntil(() => pagesWaiting() <= BOUND);
    }
    first.resume();
    await once(first, 'close');
    // Whoever takes what he asked for gets all of it.
    const last = await ask();
    let taken = 0;
    last.resume().on('data', (bytes) => {
      taken += bytes.length;
    });
    await vi.waitUntil(() => taken > AT_ONCE * MiB);
    expect(made).toBe(11 * AT_ONCE);
  });
});

it('whoever has taken all that he was told stays, however much that is of all together', async () => {
  const hold = createUntaken(50_000);
  const { origin, close } = await listen(
    createServer((_, response) => {
      response.write('x'.repeat(10_000));
      hold(response, response.writableLength);
    }),
  );
  onTestFinished(close);
  const gone = vi.fn();
  for (let count = 0; count < 12; count += 1) {
    const { body } = await fetch(origin);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    let taken = 0;
    while (taken < 10_000) taken += (await reader.read()).value?.byteLength ?? 10_000;
    reader.closed.catch(gone);
  }
  // Whoever was cut off has heard of it by then.
  await fetch(origin).then(({ body }) => body?.cancel());
  expect(gone).not.toHaveBeenCalled();
});
