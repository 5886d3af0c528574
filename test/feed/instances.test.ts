// Two instances of the service with one database: whoever is told may be at the other one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type CallStage, setCallStage } from '../call-stage.ts';
import { type Listener, listenTo } from './listen.ts';

let folder: string;
let here: CallStage;
let there: CallStage;
const open: Listener[] = [];

async function listen(...given: Parameters<typeof listenTo>): Promise<Listener> {
  const listener = await listenTo(...given);
  open.push(listener);
  return listener;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-feed-'));
  const database = `sqlite:${join(folder, 'calls.db')}`;
  here = await setCallStage(undefined, { database });
  there = await setCallStage(undefined, { database });
});
afterEach(async () => {
  for (const listener of open.splice(0)) listener.close();
  await here.close();
  await there.close();
  rmSync(folder, { recursive: true });
});

it('a stream tells what happens at the other instance', async () => {
  const [alice, bob] = [await listen(here, 'alice'), await listen(there, 'bob')];
  await Promise.all([alice.heard('snapshot'), bob.heard('snapshot')]);
  const { call } = await here.place('alice', ['bob']);
  await alice.heard('call', ({ data }) => data.cause === 'ringing');
  there.clock.advance(1_000);
  await bob.heard('call', ({ data }) => data.cause === 'ringing');
  await there.accept('bob', call.id);
  here.clock.advance(1_000);
  await alice.heard('call', ({ data }) => data.cause === 'accepted');
});

it('polls do, of all calls and of one', async () => {
  const { call } = await here.place('alice', ['bob']);
  const { body } = await there.as('alice', 'GET', '/events');
  const held = ['/events?waitSeconds=25&after=', `/${call.id}?waitSeconds=20&after=`].map(
    (path, index) => there.as('alice', 'GET', path + [body.cursor, call.version][index]),
  );
  await vi.waitFor(() => {
    expect(there.clock.waiting()).toEqual(expect.arrayContaining([20_000, 25_000]));
  });
  await here.accept('bob', call.id);
  there.clock.advance(1_000);
  const [all, one] = await Promise.all(held);
  expect(all?.body).toMatchObject({ changes: [{ cause: 'accepted', call: { id: call.id } }] });
  expect(one?.call.state).toBe('active');
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
