// What a listener is told, and what once only; and what listening leaves behind.
import { expect, it, vi } from 'vitest';
import { createCallsClient } from '../../src/client/index.ts';
import { json, refusal, type Stream, stream } from './scripted-server.ts';
import { answer, call, ended, ID, OTHER_ID, seen, setClient } from './stage.ts';

const EVENTS = 'GET /events';
const CALL = 'GET /:callId';
const snapshot = (...calls: object[]) => ({ cursor: 'e.1', serverTime: '', calls });
const ringing = { cursor: 'e.2', cause: 'ringing', call: call() };
const opened = (feed: Stream) => vi.waitFor(() => expect(feed.isOpen()).toBe(true));

it('what the feed has told is not told again because an answer had it too', async () => {
  const stage = await setClient();
  const feed = stream();
  stage.server.on(EVENTS, feed.script);
  stage.server.on(CALL, json(200, answer(call())));
  const { told } = stage.listen();
  await opened(feed);
  feed.send('call', ringing);
  await vi.waitFor(() => expect(told).toHaveLength(1));
  await stage.client.get(ID);
  feed.send('call', ringing);
  feed.send('call', { cursor: 'e.3', cause: 'ringing', call: call({ id: OTHER_ID }) });
  await vi.waitFor(() => expect(told.at(-1)?.call.id).toBe(OTHER_ID));
  expect(told.map(({ call: { id } }) => id)).toEqual([ID, OTHER_ID]);
});

it('what an answer has told before the feed is open is told by its snapshot alone', async () => {
  const stage = await setClient();
  const feed = stream();
  stage.server.on(EVENTS, feed.script);
  stage.server.on(CALL, json(200, answer(call())));
  await stage.client.get(ID);
  const { told } = stage.listen();
  await opened(feed);
  expect(told).toEqual([]);
  feed.send('snapshot', snapshot(call()));
  await vi.waitFor(() => expect(seen(told).map(({ cause }) => cause)).toEqual(['snapshot']));
});

it('a call that a later snapshot lacks has ended, though nobody can say how', async () => {
  const stage = await setClient();
  const [first, second] = [stream(), stream()];
  stage.server.on(EVENTS, first.script, second.script);
  stage.server.on(CALL, refusal(404, 'not_found'));
  const { told } = stage.listen();
  await opened(first);
  first.send('call', ringing);
  await vi.waitFor(() => expect(told).toHaveLength(1));
  // What can't be understood is followed by a snapshot.
  first.send('call', {});
  await stage.pass(250);
  await opened(second);
  second.send('snapshot', snapshot());
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told[1]).toMatchObject({ cause: 'ended', rings: false, call: { state: 'ended' } });
});

it('who listens again is connected anew', async () => {
  const stage = await setClient();
  const [first, second] = [stream(), stream()];
  stage.server.on(EVENTS, first.script, second.script);
  const before = stage.listen();
  await vi.waitFor(() => expect(stage.connections.at(-1)?.state).toBe('connected'));
  before.stop();
  stage.listen();
  await opened(second);
  await vi.waitFor(() => expect(stage.connections.at(-1)?.state).toBe('connected'));
  const once = ['connecting', 'connected'];
  const states = stage.connections.map(({ state }) => state);
  expect(states).toEqual(['stopped', ...once, 'stopped', ...once]);
});

it('who stops at once has opened nothing', async () => {
  const stage = await setClient();
  stage.server.on(CALL, json(200, answer(ended(1))));
  stage.listen().stop();
  await stage.client.get(ID);
  expect(stage.server.count(EVENTS)).toBe(0);
  expect(stage.clock.waiting()).toEqual([]);
});

it('close() hears no more of the network or the page, and tells nobody', async () => {
  const stage = await setClient();
  stage.server.on(EVENTS, stream().script);
  stage.listen();
  await vi.waitFor(() => expect(stage.connections.at(-1)?.state).toBe('connected'));
  expect(stage.hearsHints()).toBe(true);
  stage.client.close();
  expect(stage.hearsHints()).toBe(false);
});

it.each(['', '/', '//'])('the base URL may end with %j', async (end) => {
  const asked: string[] = [];
  const calls = createCallsClient({
    baseUrl: `https://api.example.com/api/calls${end}`,
    getIdToken: () => 'token',
    fetch: async (url) => {
      asked.push(url);
      return Response.json(answer(ended(1)));
    },
  });
  await calls.get(ID);
  expect(asked).toEqual([`https://api.example.com/api/calls/${ID}`]);
});
