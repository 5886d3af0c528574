// A reader who takes nothing: the service's memory is not where it waits.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import { type Listener, listenTo } from './listen.ts';
import { type FeedStage, setFeedStage } from './stage.ts';

let stage: FeedStage;
let listener: Listener | undefined;
beforeEach(async () => {
  stage = await setFeedStage();
});
afterEach(async () => {
  listener?.close();
  await stage.close();
});

/** A call with so many people that a change of it is some 60 KB. */
async function bigCall(): Promise<Call> {
  const people = Array.from({ length: 30 }, (_, n) => `person-${n}`);
  const call = await stage.place('bob', ...people);
  const picture = `https://pictures.example/${'x'.repeat(2_000)}`;
  for (const uid of people) await stage.accept(call, uid, { picture });
  return call;
}

const openPaused = async (): Promise<IncomingMessage> => {
  const headers = { authorization: 'Bearer bob', accept: 'text/event-stream' };
  const [response] = await once(get(`${stage.baseUrl}/events`, { headers }), 'response');
  return response.pause();
};

const readOf = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  response.on('data', (chunk) => (text += chunk));
  response.resume();
  await new Promise((resolve) => response.once('close', resolve));
  return text;
};

it('is ended, and resumes without a loss where it was', async () => {
  const call = await bigCall();
  const slow = await openPaused();
  slow.on('error', () => {});
  // What the kernel holds for a reader is some MB; then it is ours.
  let version = 0;
  const isGivenUp = () => stage.clock.waiting().includes(5_000);
  for (let changes = 0; !isGivenUp(); changes += 1) {
    expect(changes).toBeLessThan(2_000);
    await stage.leave(call, 'person-0');
    ({ version } = (await stage.accept(call, 'person-0')).parties[0] as Call['parties'][0]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stage.clock.advance(5_000);
  await vi.waitFor(() => expect([stage.feedsOpen(), stage.waiting()]).toEqual([0, 0]));

  const text = await readOf(slow);
  const cursors = [...text.matchAll(/^id: (.*)$/gm)];
  const after = cursors.at(-1)?.[1] as string;
  expect(Number(after.split('.')[1])).toBeLessThan(version);
  listener = await listenTo(stage, 'bob', { after });
  const { data } = await listener.heard('call');
  expect(data.call).toMatchObject({ id: call.id, version });
});

it('does not keep others of the same person waiting', async () => {
  const call = await bigCall();
  const slow = await openPaused();
  listener = await listenTo(stage, 'bob');
  await listener.heard('snapshot');
  for (let n = 0; n < 20; n += 1) {
    await stage.leave(call, 'person-0');
    const { version } = (await stage.accept(call, 'person-0')).parties[0] as Call['parties'][0];
    await listener.heard('call', ({ data }) => data.call?.version === version);
  }
  slow.destroy();
});
