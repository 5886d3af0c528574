// The feed as it stands on the wire: which of its two forms, and the letters of the stream.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FeedStage, setFeedStage } from './stage.ts';

let stage: FeedStage;
beforeEach(async () => {
  stage = await setFeedStage();
});
afterEach(() => stage.close());

async function ask(headers: Record<string, string>, query = ''): Promise<IncomingMessage> {
  const all = { authorization: 'Bearer bob', ...headers };
  const [response] = await once(
    get(`${stage.baseUrl}/events${query}`, { headers: all }),
    'response',
  );
  return response;
}

it('is a stream of server-sent events, each with its cursor as id and its data in one line', async () => {
  const response = await ask({ accept: 'text/event-stream' });
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  await vi.waitFor(() => expect(text).toMatch(/data/));
  const [retry, snapshot] = text.split('\n\n');
  expect(retry).toBe('retry: 2000');
  expect(snapshot).toMatch(/^event: snapshot\nid: [\w-]{36}\.0\ndata: \{.*"calls":\[\]\}$/);

  text = '';
  await stage.place('alice', 'bob');
  await vi.waitFor(() => expect(text).toMatch(/\n\n$/));
  expect(text).toMatch(/^event: call\nid: [\w-]{36}\.1\ndata: \{"cursor":.*\}\n\n$/);
  const { cursor, cause, call, serverTime } = JSON.parse(text.split('\ndata: ')[1] as string);
  expect(text).toContain(`\nid: ${cursor}\n`);
  expect([cause, call.version, Date.parse(serverTime)]).toEqual(['ringing', 1, stage.clock.now()]);

  text = '';
  stage.clock.advance(10_000);
  await vi.waitFor(() => expect(text).toBe(':\n\n'));
  text = '';
  void stage.stop();
  await once(response, 'end');
  expect(text).toBe('event: reconnect\ndata: {}\n\n');
});

describe('the form', () => {
  it.each([
    'text/event-stream',
    'application/json, text/event-stream;q=0.5',
    'text/event-stream ; q=0.01, */*',
    'TEXT/Event-Stream',
  ])('is a stream for Accept: %s', async (accept) => {
    const response = await ask({ accept });
    expect(response.headers['content-type']).toMatch(/^text\/event-stream/);
    response.destroy();
  });

  it.each([
    {},
    { accept: '*/*' },
    { accept: 'application/json' },
    { accept: 'text/event-streams' },
    { accept: 'application/json, text/event-stream;q=0' },
    { accept: 'text/event-stream; charset=utf-8; Q=0.000, */*' },
  ])('is JSON for %j', async (headers) => {
    const response = await ask(headers);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    response.resume();
    await once(response, 'end');
  });
});

describe('a cursor', () => {
  const changesAfter = async (headers: Record<string, string>, query: string) => {
    const response = await ask(headers, query);
    let text = '';
    for await (const chunk of response) text += chunk;
    return JSON.parse(text);
  };

  it('of the header counts before that of the query', async () => {
    const { cursor: first } = (await stage.poll('bob')).body;
    await stage.place('alice', 'bob');
    const { cursor: last } = (await stage.poll('bob')).body;
    const asked = await changesAfter({ 'last-event-id': String(last) }, `?after=${first}`);
    expect(asked).toMatchObject({ cursor: last, changes: [] });
    // An EventSource that has heard nothing yet sends an empty one.
    const empty = await changesAfter({ 'last-event-id': '' }, `?after=${first}`);
    expect(empty).toMatchObject({ changes: [{ cause: 'ringing' }] });
  });

  it.each([
    'not.1',
    '1',
    '.',
    '{epoch}.',
    '{epoch}.01',
    '{epoch}.1.1',
    '{epoch}.1e0',
    '{epoch}.+1',
    '{epoch}.9999999999999999999',
    '{epoch}.2',
    '{epoch} .1',
  ])('%s begins with a snapshot', async (form) => {
    await stage.place('alice', 'bob');
    const { cursor } = (await stage.poll('bob')).body;
    const [epoch = ''] = String(cursor).split('.');
    const after = encodeURIComponent(form.replace('{epoch}', epoch));
    const { status, body } = await stage.poll('bob', `?after=${after}`);
    expect([status, body.changes, body.calls]).toMatchObject([200, undefined, [{ version: 1 }]]);
  });

  it('of somebody else is none of mine', async () => {
    const { cursor } = (await stage.poll('alice')).body;
    expect((await stage.poll('bob', `?after=${cursor}`)).body).toMatchObject({ calls: [] });
  });
});
