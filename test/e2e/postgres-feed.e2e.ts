// The feed over two instances with one Postgres: LISTEN and NOTIFY, and a database that goes and comes.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type CallStage, setCallStage } from '../call-stage.ts';
import { type Listener, listenTo } from '../feed/listen.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { until } from './until.ts';

let postgres: Postgres;
let here: CallStage;
let there: CallStage;
const open: Listener[] = [];
let databases = 0;

async function listen(...given: Parameters<typeof listenTo>): Promise<Listener> {
  const listener = await listenTo(...given);
  open.push(listener);
  return listener;
}

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

beforeEach(async () => {
  databases += 1;
  const database = await postgres.database(`feed_${databases}`);
  here = await setCallStage(undefined, { database });
  there = await setCallStage(undefined, { database });
});
afterEach(async () => {
  for (const listener of open.splice(0)) listener.close();
  await here?.close();
  await there?.close();
});

it('a stream tells at once what happens at the other instance', async () => {
  const [alice, bob] = [await listen(here, 'alice'), await listen(there, 'bob')];
  await Promise.all([alice.heard('snapshot'), bob.heard('snapshot')]);
  const { call } = await here.place('alice', ['bob']);
  const ring = await bob.heard('call', ({ data }) => data.cause === 'ringing');
  expect(ring.data.call).toMatchObject({ id: call.id, me: { state: 'ringing' } });
  await there.accept('bob', call.id);
  await alice.heard('call', ({ data }) => data.cause === 'accepted');
  await here.as('alice', 'POST', `/${call.id}/end`);
  await bob.heard('call', ({ data }) => data.call?.state === 'ended');
});

it('polls do, of all calls and of one', async () => {
  const { call } = await here.place('alice', ['bob']);
  const { body } = await there.as('alice', 'GET', '/events');
  const all = there.as('alice', 'GET', `/events?waitSeconds=25&after=${body.cursor}`);
  const one = there.as('alice', 'GET', `/${call.id}?waitSeconds=20&after=${call.version}`);
  await vi.waitFor(() => {
    expect(there.clock.waiting()).toEqual(expect.arrayContaining([20_000, 25_000]));
  });
  await here.accept('bob', call.id);
  expect((await all).body).toMatchObject({ changes: [{ cause: 'accepted' }] });
  expect((await one).call.state).toBe('active');
});

it('a reader who moves from one to the other goes on where he was', async () => {
  const first = await listen(here, 'bob');
  const { id: after = '' } = await first.heard('snapshot');
  void here.switchboard.stop();
  await first.heard('reconnect');
  const { call } = await there.place('alice', ['bob']);
  const second = await listen(there, 'bob', { after });
  const ring = await second.heard('call');
  expect(ring.data).toMatchObject({ cause: 'ringing', call: { id: call.id } });
  expect(second.events).toEqual([ring]);
});

it('streams live through a restart of the database, and miss nothing of it', async () => {
  const [alice, bob] = [await listen(here, 'alice'), await listen(there, 'bob')];
  await Promise.all([alice.heard('snapshot'), bob.heard('snapshot')]);
  await postgres.stop();
  expect((await here.place('alice', ['bob'])).status).toBe(503);
  await postgres.start();
  let placed = await here.place('alice', ['bob']);
  await until('the database is found again', async () => {
    for (const { clock } of [here, there]) clock.advance(500);
    if (placed.status !== 201) placed = await here.place('alice', ['bob']);
    return placed.status === 201;
  });
  await until('the ring is heard', () => {
    for (const { clock } of [here, there]) clock.advance(500);
    return bob.events.some(({ data }) => data.call?.id === placed.call.id);
  });
  expect(bob.events.at(-1)?.data).toMatchObject({ cause: 'ringing' });
  expect(bob.events.map(({ event }) => event)).toEqual(['snapshot', 'call']);
  expect(alice.events.at(-1)?.data).toMatchObject({ cause: 'ringing' });
});
