// When the feed is asked for again: what it has learned of the way, and what it has to forget.
import { describe, expect, it, vi } from 'vitest';
import { hang, json, refusal, type Stream, stream } from './scripted-server.ts';
import { type ClientStage, call, setClient } from './stage.ts';

const EVENTS = 'GET /events';
const snapshot = { cursor: 'e.1', serverTime: '', calls: [call()] };

const streams = ({ server }: ClientStage) =>
  server.received
    .filter(({ route }) => route === EVENTS)
    .map(({ headers }) => headers.accept === 'text/event-stream');
const opened = (feed: Stream) => vi.waitFor(() => expect(feed.isOpen()).toBe(true));

/** A client whose next streams are these. */
async function listening(feeds: readonly Stream[], chance = 0): Promise<ClientStage> {
  const stage = await setClient({}, { chance });
  stage.server.on(EVENTS, ...feeds.map(({ script }) => script));
  stage.listen();
  await opened(feeds[0] as Stream);
  return stage;
}

describe('not all clients come back at one moment', () => {
  it.each([
    ['two seconds where the server stops', 'reconnect', 2000],
    ['one where their streams are cut', 'cut', 1000],
  ] as const)('but over %s', async (_where, how, most) => {
    for (const chance of [0.25, 0.75]) {
      const [first, second] = [stream(), stream()];
      const stage = await listening([first, second], chance);
      await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([40_000]));
      stage.clock.advance(15_000);
      if (how === 'cut') first.end();
      else first.send('reconnect', {});
      await stage.pass(most * chance);
      await opened(second);
    }
  });

  it('nor after an outage', async () => {
    const stage = await setClient({}, { chance: 0.5 });
    stage.server.on(EVENTS, refusal(503, 'stopping'));
    stage.listen();
    await stage.pass(375);
    await stage.pass(750);
  });
});

it('an outage that is over counts no more: the next begins with the shortest wait', async () => {
  const [first, second] = [stream(), stream()];
  const stage = await setClient();
  const away = refusal(503, 'stopping');
  stage.server.on(EVENTS, away, away, first.script, away, second.script);
  stage.listen();
  await stage.pass(250);
  await stage.pass(500);
  await opened(first);
  await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([40_000]));
  stage.clock.advance(15_000);
  first.end();
  await stage.pass(250);
  await opened(second);
});

it('something on the way that cuts every stream after a while is no outage', async () => {
  const feeds = Array.from({ length: 5 }, () => stream());
  const stage = await listening(feeds);
  for (const feed of feeds) {
    await opened(feed);
    await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([40_000]));
    stage.clock.advance(30_000);
    feed.cut();
    await stage.pass(250);
  }
});

it('a stream that has spoken is no silent one: silence now and then is no reason to poll', async () => {
  const [first, second, third] = [stream(''), stream(), stream()];
  const stage = await listening([first, second, third]);
  await stage.pass(10_000);
  await stage.pass(250);
  await opened(second);
  await stage.pass(40_000);
  await stage.pass(250);
  await opened(third);
  expect(streams(stage)).toEqual([true, true, true]);
});

it('on another network the way may let streams through', async () => {
  const stage = await setClient();
  const feed = stream();
  stage.server.on(EVENTS, hang, hang, json(200, snapshot), hang, feed.script);
  stage.listen();
  await vi.waitFor(() => expect(streams(stage)).toHaveLength(1));
  await stage.pass(10_000);
  await stage.pass(250);
  await vi.waitFor(() => expect(streams(stage)).toHaveLength(2));
  await stage.pass(10_000);
  await stage.pass(500);
  await vi.waitFor(() => expect(streams(stage)).toEqual([true, true, false, false]));
  stage.clock.advance(5000);
  stage.hint('online');
  await opened(feed);
  expect(streams(stage).at(-1)).toBe(true);
});

it('that somebody looks does not replace a stream that has just spoken, however old it is', async () => {
  const feed = stream();
  const stage = await listening([feed, stream()]);
  for (let spoken = 0; spoken < 3; spoken++) {
    await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([40_000]));
    stage.clock.advance(15_000);
    feed.write(':\n\n');
  }
  await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([40_000]));
  stage.hint('visible');
  // It is waited for as before.
  expect(stage.clock.waiting()).toEqual([40_000]);
  expect(streams(stage)).toEqual([true]);
});

it('one tab too many whose asking fails tries a stream again', async () => {
  const stage = await setClient();
  const feed = stream();
  const full = refusal(429, 'streams_full');
  stage.server.on(EVENTS, full, refusal(403, 'account_not_allowed'), feed.script);
  stage.listen();
  await stage.pass(250);
  await opened(feed);
  expect(streams(stage)).toEqual([true, false, true]);
});

it('a name whose letters come in pieces is whole', async () => {
  const stage = await setClient();
  const feed = stream('');
  stage.server.on(EVENTS, feed.script);
  const { told } = stage.listen();
  await opened(feed);
  const parties = [{ uid: 'alice', role: 'caller', state: 'joined', name: 'Zoë' }] as const;
  const said = { cursor: 'e.1', calls: [call({ parties })] };
  const bytes = Buffer.from(`event: snapshot\ndata: ${JSON.stringify(said)}\n\n`);
  const within = bytes.indexOf('ë') + 1;
  feed.write(bytes.subarray(0, within));
  // The client has it, and waits anew.
  await vi.waitFor(() => expect(stage.connections.at(-1)?.state).toBe('connected'));
  feed.write(bytes.subarray(within));
  await vi.waitFor(() => expect(told[0]?.call.parties[0]?.name).toBe('Zoë'));
});
