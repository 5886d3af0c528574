// The feed as an app hears it, streamed and polled, over cuts and restarts.
import { describe, expect, it, vi } from 'vitest';
import { cut, hang, json, page, refusal, stream } from './scripted-server.ts';
import {
  active,
  answer,
  type ClientStage,
  call,
  DEVICE,
  ended,
  ID,
  OTHER_ID,
  seen,
  setClient,
  wholeFetch,
} from './stage.ts';

const EVENTS = 'GET /events';
const snapshot = (cursor: string, ...calls: object[]) => ({ cursor, serverTime: '', calls });
const change = (cursor: string, cause: string, view: object) => ({ cursor, cause, call: view });
const poll = (cursor: string, ...changes: object[]) =>
  json(200, { cursor, serverTime: '', changes });

const states = ({ connections }: ClientStage) => connections.map(({ state }) => state);
const asks = ({ server }: ClientStage) =>
  server.received.filter(({ route }) => route === EVENTS).map(({ query }) => query);

describe('the feed as a stream', () => {
  it('tells the live calls, then every change', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, feed.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
    feed.send('snapshot', snapshot('e.1', call()));
    feed.send('call', change('e.2', 'answered_elsewhere', active(2, 'my-phone')));
    feed.send('call', change('e.3', 'ended', ended(3)));
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(seen(told)).toEqual([
      { version: 1, state: 'ringing', cause: 'snapshot', rings: true },
      { version: 2, state: 'active', cause: 'answered_elsewhere', rings: false },
      { version: 3, state: 'ended', cause: 'ended', rings: false },
    ]);
    expect(stage.server.received[0]).toMatchObject({
      token: 'token',
      query: {},
      headers: { accept: 'text/event-stream' },
    });
    expect(states(stage)).toEqual(['stopped', 'connecting', 'connected']);
  });

  it('is closed with its last listener, and tells the next one everything', async () => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    const one = stage.listen();
    const two = stage.listen();
    await vi.waitFor(() => expect(first.isOpen()).toBe(true));
    first.send('snapshot', snapshot('e.1', call()));
    await vi.waitFor(() => expect(two.told).toHaveLength(1));
    one.stop();
    one.stop();
    first.send('call', change('e.2', 'accepted', active(2)));
    await vi.waitFor(() => expect(two.told).toHaveLength(2));
    expect(one.told).toHaveLength(1);
    two.stop();
    await vi.waitFor(() => expect(first.isOpen()).toBe(false));
    expect(states(stage).at(-1)).toBe('stopped');
    expect(stage.clock.waiting()).toEqual([]);

    const three = stage.listen();
    await vi.waitFor(() => expect(second.isOpen()).toBe(true));
    second.send('snapshot', snapshot('e.2', active(2)));
    await vi.waitFor(() => expect(three.told).toHaveLength(1));
    expect(asks(stage)).toEqual([{}, {}]);
  });

  it('tells who comes later what is known', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, feed.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
    feed.send('snapshot', snapshot('e.1', call()));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(seen(stage.listen().told)).toEqual(seen(told));
    expect(stage.server.count(EVENTS)).toBe(1);
  });

  it('that is cut after a while is taken up where it was', async () => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(first.isOpen()).toBe(true));
    first.send('snapshot', snapshot('e.1', call()));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    stage.clock.advance(12_000);
    first.end();
    await vi.waitFor(() => expect(second.isOpen()).toBe(true));
    // What was told already may come once more.
    second.send('call', change('e.1', 'ringing', call()));
    second.send('call', change('e.2', 'missed', ended(2)));
    second.send('call', change('e.2', 'missed', ended(2)));
    second.send('call', change('e.3', 'ringing', call({ id: OTHER_ID, version: 3 })));
    await vi.waitFor(() => expect(told.at(-1)?.call.id).toBe(OTHER_ID));
    expect(asks(stage)).toEqual([{}, { after: 'e.1' }]);
    expect(seen(told).map(({ version, cause }) => [version, cause])).toEqual([
      [1, 'snapshot'],
      [1, 'ringing'],
      [2, 'missed'],
      [3, 'ringing'],
    ]);
  });

  it('comes back after an outage, each wait longer than the one before', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, cut, cut, refusal(503, 'stopping'), feed.script);
    stage.listen();
    await stage.pass(250);
    await stage.pass(500);
    await stage.pass(1000);
    await vi.waitFor(() => expect(states(stage).at(-1)).toBe('connected'));
    const waits = stage.connections.flatMap((connection) =>
      connection.state === 'waiting' ? [[connection.error.code, connection.retryInMs]] : [],
    );
    expect(waits).toEqual([
      ['network', 250],
      ['network', 500],
      ['stopping', 1000],
    ]);
  });

  it('asks again after some seconds, however long the outage was', async () => {
    const stage = await setClient();
    stage.server.on(EVENTS, cut);
    stage.listen();
    for (const waitMs of [250, 500, 1000, 2000, 4000, 8000, 8000]) await stage.pass(waitMs);
  });

  it('waits as long as the server says', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, refusal(503, 'calls_unavailable', { retryAfter: '30' }), feed.script);
    stage.listen();
    await stage.pass(30_000);
    await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
  });

  it('waits five minutes at most, whatever something says', async () => {
    const stage = await setClient();
    stage.server.on(EVENTS, refusal(503, 'stopping', { retryAfter: '99999999999' }));
    stage.listen();
    await stage.pass(300_000);
  });

  it('that ends as soon as it began is not asked for in a hurry', async () => {
    const stage = await setClient();
    stage.server.on(EVENTS, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('retry: 1\n\n');
    });
    stage.listen();
    await stage.pass(250);
    await stage.pass(500);
    await stage.pass(1000);
  });

  it('that gives no sign of life is given up', async () => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    stage.listen();
    await vi.waitFor(() => expect(first.isOpen()).toBe(true));
    await stage.pass(40_000);
    await vi.waitFor(() => expect(first.isOpen()).toBe(false));
    await stage.pass(250);
    await vi.waitFor(() => expect(second.isOpen()).toBe(true));
  });

  it('lives by comments', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, feed.script);
    stage.listen();
    for (let minute = 0; minute < 3; minute++) {
      await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([40_000]));
      stage.clock.advance(30_000);
      feed.write(': still here\n\n');
    }
    await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([40_000]));
    expect(stage.server.count(EVENTS)).toBe(1);
  });

  it('goes on with a new ID token when the old one is over', async () => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(first.isOpen()).toBe(true));
    first.send('snapshot', snapshot('e.1', call()));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    stage.clock.advance(15_000);
    first.send('token_expired', {});
    await vi.waitFor(() => expect(second.isOpen()).toBe(true));
    expect(stage.server.received.map(({ token }) => token)).toEqual(['token', 'new-token']);
  });

  it('moves on when the server stops', async () => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    stage.listen();
    await vi.waitFor(() => expect(first.isOpen()).toBe(true));
    first.send('reconnect', {});
    await vi.waitFor(() => expect(second.isOpen()).toBe(true));
    expect(states(stage)).not.toContain('waiting');
  });

  it('passes over what a later server may say besides', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, feed.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
    feed.send('weather', { sun: true });
    feed.send('snapshot', snapshot('e.1', call()));
    await vi.waitFor(() => expect(told).toHaveLength(1));
  });

  it.each([
    ['no JSON', 'event: call\ndata: {"cursor":\n\n'],
    ['no cursor', 'event: call\ndata: {"call":{}}\n\n'],
    ['half a call', 'event: call\ndata: {"cursor":"e.2","call":{"id":"x"}}\n\n'],
    ['no calls', 'event: snapshot\ndata: {"cursor":"e.2"}\n\n'],
  ])('that says %s is asked for everything anew', async (_what, nonsense) => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(first.isOpen()).toBe(true));
    first.send('snapshot', snapshot('e.1', call()));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    first.write(nonsense);
    await stage.pass(250);
    await vi.waitFor(() => expect(second.isOpen()).toBe(true));
    expect(asks(stage)).toEqual([{}, {}]);
    expect(stage.connections).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: 'answer_invalid' }) }),
    );
  });
});

describe('where there are no streams', () => {
  const gets = async (stage: ClientStage, told: readonly unknown[]) => {
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(stage.server.received.at(-1)?.headers.accept).toBe('application/json');
  };

  it('one that is held back on its way is polled, after two tries', async () => {
    const stage = await setClient();
    const silent = stream('');
    stage.server.on(EVENTS, silent.script, hang, json(200, snapshot('e.1', call())), hang);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(silent.isOpen()).toBe(true));
    await stage.pass(10_000);
    await stage.pass(250);
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(2));
    await stage.pass(10_000);
    await stage.pass(500);
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(states(stage).at(-1)).toBe('connected');
  });

  it('a host that answers in JSON is polled', async () => {
    const stage = await setClient();
    stage.server.on(EVENTS, poll('e.0'), json(200, snapshot('e.1', call())), hang);
    await gets(stage, stage.listen().told);
  });

  it('a fetch without a body is no way to stream', async () => {
    const stage = await setClient({ fetch: wholeFetch });
    stage.server.on(
      EVENTS,
      (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(),
      json(200, snapshot('e.1', call())),
      hang,
    );
    await gets(stage, stage.listen().told);
  });

  it('a login page of a hotel is waited out', async () => {
    const stage = await setClient();
    const [before, after] = [stream(), stream()];
    stage.server.on(EVENTS, before.script, page(200, 'Welcome'), after.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(before.isOpen()).toBe(true));
    before.send('snapshot', snapshot('e.1', call()));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    before.send('reconnect', {});
    await stage.pass(250);
    await vi.waitFor(() => expect(after.isOpen()).toBe(true));
    // What has come and gone meanwhile is told too.
    expect(asks(stage)).toEqual([{}, { after: 'e.1' }, { after: 'e.1' }]);
  });

  it('one tab too many asks now and then, until there is room', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(
      EVENTS,
      refusal(429, 'streams_full'),
      json(200, snapshot('e.1', call())),
      refusal(429, 'streams_full'),
      poll('e.2', change('e.2', 'missed', ended(2))),
      feed.script,
    );
    const { told } = stage.listen();
    await vi.waitFor(() => expect(told).toHaveLength(1));
    await stage.pass(10_000);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    await stage.pass(10_000);
    await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
    expect(seen(told).map(({ version }) => version)).toEqual([1, 2]);
    expect(asks(stage)).toEqual([
      {},
      { waitSeconds: '0' },
      { after: 'e.1' },
      { waitSeconds: '0', after: 'e.1' },
      { after: 'e.2' },
    ]);
    expect(states(stage)).toEqual(['stopped', 'connecting', 'connected']);
  });
});

describe('the feed by long polling, as React Native has it', () => {
  const setPhone = () => setClient({ feed: 'poll', fetch: wholeFetch });

  it('tells the live calls, then every change', async () => {
    const stage = await setPhone();
    stage.server.on(
      EVENTS,
      json(200, snapshot('e.1', call())),
      poll('e.3', change('e.2', 'accepted', active(2)), change('e.3', 'ended', ended(3))),
      hang,
    );
    const { told } = stage.listen();
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(3));
    expect(seen(told)).toEqual([
      { version: 1, state: 'ringing', cause: 'snapshot', rings: true },
      { version: 2, state: 'active', cause: 'accepted', rings: false },
      { version: 3, state: 'ended', cause: 'ended', rings: false },
    ]);
    expect(asks(stage)).toEqual([
      { waitSeconds: '0' },
      { waitSeconds: '25', after: 'e.1' },
      { waitSeconds: '25', after: 'e.3' },
    ]);
  });

  it('does not run hot where nothing is held open', async () => {
    const stage = await setPhone();
    stage.server.on(EVENTS, json(200, snapshot('e.1')), poll('e.1'));
    stage.listen();
    await stage.pass(1000);
    await stage.pass(1000);
    await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([1000]));
    expect(stage.server.count(EVENTS)).toBe(4);
  });

  it.each([
    ['the same changes', poll('e.1', change('e.1', 'ringing', call()))],
    ['everything', json(200, snapshot('e.2', call()))],
  ])('does not run hot where it is told %s again and again', async (_what, again) => {
    const stage = await setPhone();
    stage.server.on(EVENTS, json(200, snapshot('e.1', call())), again);
    stage.listen();
    await stage.pass(1000);
    await stage.pass(1000);
    await vi.waitFor(() => expect(stage.clock.waiting()).toContain(1000));
    expect(stage.server.count(EVENTS)).toBe(4);
  });

  it('goes on where it was after a login page of a hotel', async () => {
    const stage = await setPhone();
    const welcome = page(200, 'Welcome');
    stage.server.on(EVENTS, json(200, snapshot('e.1')), welcome, poll('e.1'), hang);
    stage.listen();
    await stage.pass(250);
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(4));
    expect(asks(stage)[2]).toEqual({ waitSeconds: '0', after: 'e.1' });
  });

  it('gives up an answer that is long overdue', async () => {
    const stage = await setPhone();
    stage.server.on(EVENTS, json(200, snapshot('e.1')), hang, poll('e.1'), hang);
    stage.listen();
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(2));
    await stage.pass(35_000);
    await stage.pass(250);
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(4));
    expect(asks(stage)[2]).toEqual({ waitSeconds: '0', after: 'e.1' });
  });

  it('never asks for a stream, however long it is', async () => {
    const stage = await setPhone();
    stage.server.on(EVENTS, json(200, snapshot('e.1')), hang);
    stage.listen();
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(2));
    stage.hint('online');
    stage.clock.advance(35_000);
    await stage.pass(250);
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(3));
    const accepts = stage.server.received.map(({ headers }) => headers.accept);
    expect(new Set(accepts)).toEqual(new Set(['application/json']));
  });

  it('goes on with a new ID token', async () => {
    const stage = await setPhone();
    stage.server.on(EVENTS, refusal(403, 'id_token_expired'), json(200, snapshot('e.1')), hang);
    stage.listen();
    await vi.waitFor(() => expect(asks(stage)).toHaveLength(3));
    expect(stage.asked).toEqual([false, true, false]);
  });
});

describe('a snapshot', () => {
  /** One after a cursor: the person's feed is another one. */
  async function another(stage: ClientStage, ...calls: object[]) {
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    const { told } = stage.listen();
    await vi.waitFor(() => expect(first.isOpen()).toBe(true));
    first.send('snapshot', snapshot('e.7', call({ version: 7 })));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    stage.clock.advance(12_000);
    first.end();
    await vi.waitFor(() => expect(second.isOpen()).toBe(true));
    second.send('snapshot', snapshot('f.1', ...calls));
    return told;
  }

  it('in which a call is missing tells what became of it', async () => {
    const stage = await setClient();
    stage.server.on('GET /:callId', json(200, answer(ended(2))));
    const told = await another(stage);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told[1]).toMatchObject({ cause: 'ended', rings: false, call: ended(2) });
  });

  it('in which a call is missing ends it, also where nobody can say more', async () => {
    const stage = await setClient();
    stage.server.on('GET /:callId', refusal(404, 'not_found'));
    const told = await another(stage);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(seen(told)[1]).toMatchObject({ state: 'ended', cause: 'ended', rings: false });
  });

  it('of another feed is believed, whatever its versions', async () => {
    const stage = await setClient();
    const told = await another(stage, active(1));
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(seen(told)[1]).toEqual({ version: 1, state: 'active', cause: 'snapshot', rings: false });
  });

  it('that was taken before an answer ends nothing', async () => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, feed.script);
    stage.server.on('GET /:callId', json(200, answer(call({ version: 5 }))));
    const { told } = stage.listen();
    await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
    await stage.client.get(ID);
    feed.send('snapshot', snapshot('e.4'));
    feed.send('call', change('e.5', 'ringing', call({ version: 5 })));
    await vi.waitFor(() => expect(told).toHaveLength(2));
    await vi.waitFor(() => expect(stage.server.count('GET /:callId')).toBe(2));
    expect(seen(told).map(({ state }) => state)).toEqual(['ringing', 'ringing']);
  });
});

describe('a hint', () => {
  it.each(['online', 'visible'] as const)('ends a wait: %s', async (hint) => {
    const stage = await setClient();
    const feed = stream();
    stage.server.on(EVENTS, refusal(503, 'stopping', { retryAfter: '60' }), feed.script);
    stage.listen();
    await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([60_000]));
    stage.hint(hint);
    await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
  });

  it('that the network is back replaces a stream which may be of the old one', async () => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    stage.listen();
    await vi.waitFor(() => expect(states(stage).at(-1)).toBe('connected'));
    stage.clock.advance(5000);
    stage.client.wake();
    await vi.waitFor(() => expect([first.isOpen(), second.isOpen()]).toEqual([false, true]));
    expect(states(stage)).not.toContain('waiting');
  });

  it('that somebody looks replaces one that was silent while the device slept, and no other', async () => {
    const stage = await setClient();
    const first = stream();
    const second = stream();
    stage.server.on(EVENTS, first.script, second.script);
    stage.listen();
    await vi.waitFor(() => expect(states(stage).at(-1)).toBe('connected'));
    stage.clock.advance(5000);
    stage.hint('visible');
    expect(stage.server.count(EVENTS)).toBe(1);
    stage.clock.shiftWall(3_600_000);
    stage.hint('visible');
    await vi.waitFor(() => expect([first.isOpen(), second.isOpen()]).toEqual([false, true]));
  });
});

it('close() leaves no timer and no connection', async () => {
  const stage = await setClient();
  const feed = stream();
  stage.server.on(EVENTS, feed.script);
  stage.server.on('GET /:callId', hang);
  stage.listen();
  stage.client.watch(ID, () => {});
  await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
  feed.send('snapshot', snapshot('e.1', call()));
  await vi.waitFor(() => expect(stage.clock.waiting()).toHaveLength(3));
  stage.client.close();
  await vi.waitFor(() => expect(stage.clock.waiting()).toEqual([]));
  await vi.waitFor(async () => expect(await stage.server.sockets()).toBe(0));
  expect(states(stage).at(-1)).toBe('stopped');
});

it('tells whether this device is the one in the call', async () => {
  const stage = await setClient();
  const feed = stream();
  stage.server.on(EVENTS, feed.script);
  const { told } = stage.listen();
  await vi.waitFor(() => expect(feed.isOpen()).toBe(true));
  feed.send(
    'snapshot',
    snapshot('e.2', active(1, DEVICE), { ...active(2, 'my-phone'), id: OTHER_ID }),
  );
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told.map(({ isHere }) => isHere)).toEqual([true, false]);
});
