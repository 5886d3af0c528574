// The feed behind a real nginx as it comes: its buffers, its time-outs, and what it makes of ends.
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CallStage, setCallStage } from '../call-stage.ts';
import { type Listener, listenTo } from '../feed/listen.ts';
import { startNginx } from './nginx.ts';
import { until } from './until.ts';

/** nginx's default of `proxy_read_timeout`, and the fraction of it that these tests have. */
const READ_TIMEOUT_S = 60;
const SHORT_TIMEOUT_S = 2;
const COMMENT_EVERY_S = 10;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setProxied(directives: readonly string[]): Promise<CallStage> {
  const stage = await setCallStage();
  cleanups.push(() => stage.close());
  const nginx = await startNginx(new URL(stage.baseUrl).origin, directives);
  cleanups.push(nginx.stop);
  return { ...stage, baseUrl: `${nginx.origin}/api/calls` };
}

async function listen(...given: Parameters<typeof listenTo>): Promise<Listener> {
  const listener = await listenTo(...given);
  cleanups.push(() => listener.close());
  return listener;
}

const feedsOpen = async (stage: CallStage) =>
  Number(/^switchboard_feeds_open (\d+)$/m.exec(await stage.switchboard.metrics())?.[1]);

describe.each([
  ['by its defaults', []],
  ['over HTTP/1.1', ['proxy_http_version 1.1', 'proxy_set_header Connection ""']],
])('nginx %s', (_how, directives) => {
  it('hands on each event at once, and that its reader has gone', async () => {
    const stage = await setProxied(directives);
    const bob = await listen(stage, 'bob');
    expect(bob.response.status).toBe(200);
    await bob.heard('snapshot');
    const { call } = await stage.place('alice', ['bob']);
    await bob.heard('call', ({ data }) => data.cause === 'ringing');
    await stage.accept('bob', call.id);
    await bob.heard('call', ({ data }) => data.call?.me.state === 'joining');
    expect(await feedsOpen(stage)).toBe(1);
    bob.close();
    await until('the server has noticed', async () => (await feedsOpen(stage)) === 0);
  });

  it('lets a poll wait, and hands on its answer', async () => {
    const stage = await setProxied(directives);
    const poll = (query: string) =>
      fetch(`${stage.baseUrl}/events${query}`, {
        headers: { authorization: `Bearer ${stage.idToken({ sub: 'bob', user_id: 'bob' })}` },
      }).then((response) => response.json()) as Promise<Record<string, unknown>>;
    const { cursor } = await poll('');
    const held = poll(`?waitSeconds=25&after=${cursor}`);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(25_000));
    await stage.place('alice', ['bob']);
    expect(await held).toMatchObject({ changes: [{ cause: 'ringing' }] });
    const until25 = poll(`?waitSeconds=25&after=${(await poll('')).cursor}`);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(25_000));
    stage.clock.advance(25_000);
    expect(await until25).toMatchObject({ changes: [] });
  });

  it('hands on the goodbye of a server that stops', async () => {
    const stage = await setProxied(directives);
    const bob = await listen(stage, 'bob');
    await bob.heard('snapshot');
    void stage.switchboard.stop();
    await bob.heard('reconnect');
    await bob.ended;
  });
});

it('comments keep a quiet stream from nginx’s time-out, which would end it without them', async () => {
  const stage = await setProxied([`proxy_read_timeout ${SHORT_TIMEOUT_S}s`]);
  const bob = await listen(stage, 'bob');
  let isEnded = false;
  void bob.ended.catch(() => {}).then(() => (isEnded = true));
  await bob.heard('snapshot');
  // The server's time runs as much faster than the true one as this time-out is shorter.
  const faster = READ_TIMEOUT_S / SHORT_TIMEOUT_S;
  const comments = (3 * READ_TIMEOUT_S) / COMMENT_EVERY_S;
  for (let said = 1; said <= comments; said += 1) {
    await delay((COMMENT_EVERY_S * 1_000) / faster);
    stage.clock.advance(COMMENT_EVERY_S * 1_000);
    await until(`comment ${said}`, () => bob.comments() >= said);
  }
  expect(isEnded).toBe(false);
  await stage.place('alice', ['bob']);
  await bob.heard('call');
  await until('nginx ends it, now that nothing is said', () => isEnded);
});
