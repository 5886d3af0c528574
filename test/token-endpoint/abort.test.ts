// A client that goes away: one line and one measurement, no refusal that nobody was told, no token
// for nobody, and nothing left that a stop would wait for.
import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { compose } from '../../src/switchboard.ts';
import { listen, MOUNTS, type Mount } from '../mounts.ts';
import { openSocket } from '../raw.ts';
import { GOOD_BODY, type Stage, setStage } from '../stage.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

/** Something that a request waits for until the test lets it go on. */
function createWait<T>(answer: T) {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<T>();
  return {
    asked: asked.promise,
    ask: () => {
      asked.resolve();
      return answered.promise;
    },
    goOn: () => answered.resolve(answer),
  };
}

const request = (running: Stage, body = JSON.stringify(GOOD_BODY)) =>
  `POST ${new URL(running.tokenUrl).pathname} HTTP/1.1\r\nhost: x\r\n` +
  `authorization: Bearer ${running.idToken()}\r\ncontent-type: application/json\r\n` +
  `content-length: ${JSON.stringify(GOOD_BODY).length}\r\n\r\n${body}`;

/** What the log says of requests. */
const linesOf = ({ log }: Stage) =>
  log.lines
    .filter(({ fields }) => 'requestId' in fields)
    .map(({ fields, message }) => ({
      message,
      ...(fields as Record<string, unknown>),
    }));

async function metricsOf({ switchboard }: Stage) {
  const text = await switchboard.metrics();
  const sum = (pattern: RegExp) =>
    [...text.matchAll(pattern)].reduce((all, [, count]) => all + Number(count), 0);
  return {
    minted: sum(/^switchboard_tokens_minted_total (\d+)$/gm),
    refused: sum(/^switchboard_refusals_total\{.*\} (\d+)$/gm),
    aborted: sum(/^switchboard_request_duration_seconds_count\{.*status="aborted"\} (\d+)$/gm),
    answered: sum(/^switchboard_request_duration_seconds_count\{.*status="\d+"\} (\d+)$/gm),
  };
}

const NOTHING = { minted: 0, refused: 0, aborted: 0, answered: 0 };

describe.each(MOUNTS)('a client that goes away: $name', (mount: Mount) => {
  const set = async (options: SwitchboardOptions): Promise<Stage> => {
    stage = await setStage(mount, options);
    return stage;
  };

  /** The client is gone, and its line written, before the wait is over. */
  const leaveDuring = async (wait: { asked: Promise<void>; goOn(): void }, running: Stage) => {
    const { socket } = await openSocket(running.tokenUrl);
    socket.write(request(running));
    await wait.asked;
    socket.resetAndDestroy();
    await vi.waitUntil(() => linesOf(running).length > 0);
    wait.goOn();
    await turn();
  };

  it('while the access rule is asked gets no token, and leaves a line', async () => {
    const wait = createWait(true);
    const running = await set({ authorizeRoom: wait.ask });
    await leaveDuring(wait, running);
    expect(linesOf(running)).toEqual([
      {
        message: 'aborted',
        requestId: expect.any(String),
        method: 'POST',
        route: '/api/calls/livekit-token',
        ms: expect.any(Number),
        uid: 'alice',
        aborted: true,
      },
    ]);
    expect(await metricsOf(running)).toEqual({ ...NOTHING, aborted: 1 });
    await running.switchboard.stop();
  });

  it('inside the gate is no fault of anybody’s', async () => {
    const wait = createWait({ uid: 'alice' });
    const running = await set({ userOf: wait.ask });
    await leaveDuring(wait, running);
    expect(linesOf(running)).toMatchObject([{ message: 'aborted', aborted: true }]);
    expect(await metricsOf(running)).toEqual({ ...NOTHING, aborted: 1 });
    await running.switchboard.stop();
  });

  it('behind a question that waits leaves a line for each, and a stop that ends', async () => {
    const wait = createWait(true);
    const running = await set({ authorizeRoom: wait.ask });
    const { socket } = await openSocket(running.tokenUrl);
    socket.write(request(running) + request(running));
    await wait.asked;
    // All that one write has brought is taken in one turn of the loop.
    await turn();
    socket.resetAndDestroy();
    await vi.waitUntil(() => linesOf(running).length === 2);
    await running.switchboard.stop();
    wait.goOn();
    expect(await metricsOf(running)).toEqual({ ...NOTHING, aborted: 2 });
  });

  it.skipIf(mount.behindParser)('in the middle of its body is not refused it', async () => {
    const running = await set({});
    const { socket } = await openSocket(running.tokenUrl);
    await new Promise((sent) => socket.write(request(running, '{'), sent));
    socket.resetAndDestroy();
    await vi.waitUntil(() => linesOf(running).length > 0);
    await turn();
    expect(linesOf(running)).toMatchObject([{ message: 'aborted', aborted: true }]);
    expect(await metricsOf(running)).toEqual({ ...NOTHING, aborted: 1 });
    await running.switchboard.stop();
  });
});

describe('a body that stops on its way, in a host that waits for ever', () => {
  const half = async () => {
    stage = await setStage(MOUNTS.find(({ name }) => name === 'plain node:http') as Mount);
    const { socket, read } = await openSocket(stage.tokenUrl);
    socket.write(request(stage, '{'));
    // Its keys are fetched, its body is read: what waits is its deadline.
    await vi.waitUntil(() => stage?.clock.waiting().includes(30_000));
    return { running: stage, socket, read };
  };

  it('is told after 30 s', async () => {
    const { running, read, socket } = await half();
    running.clock.advance(30_000);
    await vi.waitUntil(() => socket.bytesRead > 0);
    running.clock.advance(5_000);
    expect(await read()).toMatch(/^HTTP\/1\.1 408 .*"request_timeout"/s);
    expect(linesOf(running)).toMatchObject([{ status: 408, code: 'request_timeout' }]);
  });

  it('holds a stop up for 9 s and no longer', async () => {
    const { running, socket } = await half();
    const stopped = running.switchboard.stop();
    running.clock.advance(9_000);
    await stopped;
    socket.destroy();
  });
});

describe('a host', () => {
  it('that keeps a request until nobody is left hands over what is over', async () => {
    const [plain] = MOUNTS.filter(({ name }) => name === 'plain node:http');
    const kept = Promise.withResolvers<void>();
    const running = await setStage({
      ...(plain as Mount),
      async start(options, clock) {
        const { switchboard } = compose(options, clock);
        const { origin, close } = await listen(
          createServer((req, res) => {
            res.once('close', () => switchboard.handler(req, res));
            kept.resolve();
          }),
        );
        const tokenUrl = `${origin}/api/calls/livekit-token`;
        return { tokenUrl, switchboard, close };
      },
    });
    stage = running;
    const { socket } = await openSocket(running.tokenUrl);
    socket.write(request(running));
    await kept.promise;
    socket.resetAndDestroy();
    await vi.waitUntil(() => linesOf(running).length > 0);
    expect(linesOf(running)).toMatchObject([{ message: 'aborted', aborted: true }]);
    await running.switchboard.stop();
  });

  it('without a server of its own, whose responses never close, is served and stopped', async () => {
    stage = await setStage(MOUNTS.find(({ name }) => name === 'plain node:http') as Mount);
    // As adapters for functions make them: a request and a response on no connection at all.
    const raw = new IncomingMessage(new Socket());
    Object.assign(raw, {
      method: 'POST',
      url: '/api/calls/livekit-token',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stage.idToken()}` },
      body: GOOD_BODY,
      complete: true,
    });
    raw.push(null);
    raw.resume();
    await once(raw, 'end');
    const response = new ServerResponse(raw);
    const wire = new Socket();
    wire._write = (_chunk, _encoding, done) => done();
    response.assignSocket(wire);
    stage.switchboard.handler(raw, response);
    await once(response, 'finish');
    expect(response.statusCode).toBe(200);
    expect(linesOf(stage)).toMatchObject([{ message: 'answered', status: 200 }]);
    await stage.switchboard.stop();
  });
});
