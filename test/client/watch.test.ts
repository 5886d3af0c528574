// One call, watched without the feed.
import { expect, it, vi } from 'vitest';
import type { CallsError, CallUpdate } from '../../src/client/index.ts';
import { cut, hang, json, page, refusal } from './scripted-server.ts';
import { active, answer, call, ended, ID, OTHER_ID, seen, setClient } from './stage.ts';

const CALL = 'GET /:callId';

async function watching(id = ID) {
  const stage = await setClient();
  const told: CallUpdate[] = [];
  const errors: CallsError[] = [];
  const watch = () =>
    stage.client.watch(
      id,
      (update) => told.push(update),
      (error) => errors.push(error),
    );
  return { ...stage, told, errors, watch };
}

it('tells a call as it is, then each change, until it has ended', async () => {
  const { server, told, watch, clock } = await watching();
  const answers = [call(), active(2), ended(3)].map((view) => json(200, answer(view)));
  server.on(CALL, ...answers);
  watch();
  await vi.waitFor(() => expect(told).toHaveLength(3));
  expect(seen(told)).toEqual([
    { version: 1, state: 'ringing', cause: 'answer', rings: true },
    { version: 2, state: 'active', cause: 'answer', rings: false },
    { version: 3, state: 'ended', cause: 'answer', rings: false },
  ]);
  expect(server.received.map(({ query }) => query)).toEqual([
    {},
    { waitSeconds: '25', after: '1' },
    { waitSeconds: '25', after: '2' },
  ]);
  expect(clock.waiting()).toEqual([]);
});

it('knows the call by its id in any case, as CallKit gives it', async () => {
  const { server, told, watch } = await watching(ID.toUpperCase());
  server.on(CALL, json(200, answer(ended(3))));
  watch();
  await vi.waitFor(() => expect(told).toHaveLength(1));
});

it('tells a second watcher what is known already', async () => {
  const { server, client, told, watch } = await watching();
  server.on(CALL, json(200, answer(call())), json(200, answer(call())), hang);
  await client.get(ID);
  watch();
  await vi.waitFor(() => expect(told).toHaveLength(1));
  expect(seen(told)).toEqual([{ version: 1, state: 'ringing', cause: 'answer', rings: true }]);
});

it('hears at once what this client does itself', async () => {
  const { server, client, told, watch } = await watching();
  server.on(CALL, json(200, answer(call())), hang);
  server.on('POST /:callId/leave', json(200, answer(ended(2))));
  watch();
  await vi.waitFor(() => expect(server.count(CALL)).toBe(2));
  await client.leave(ID);
  expect(seen(told).map(({ state }) => state)).toEqual(['ringing', 'ended']);
});

it('tells of no other call', async () => {
  const { server, client, told, watch } = await watching();
  server.on(CALL, json(200, answer(call())), hang);
  server.on('GET /', json(200, { calls: [call({ id: OTHER_ID })], serverTime: '' }));
  watch();
  await vi.waitFor(() => expect(told).toHaveLength(1));
  await client.live();
  expect(told).toHaveLength(1);
});

it('goes on over cuts, refused tokens and pages of others', async () => {
  const { server, told, watch, pass } = await watching();
  server.on(
    CALL,
    cut,
    page(502, 'Bad gateway'),
    refusal(403, 'id_token_expired'),
    refusal(403, 'id_token_expired'),
    json(200, answer(ended(3))),
  );
  watch();
  await pass(250);
  await pass(500);
  await pass(1000);
  await vi.waitFor(() => expect(told).toHaveLength(1));
});

it('does not run hot where nothing is held open', async () => {
  const { server, watch, pass } = await watching();
  server.on(CALL, json(200, answer(call())));
  watch();
  await pass(1000);
  await pass(1000);
  await vi.waitFor(() => expect(server.count(CALL)).toBe(4));
});

it('says that there is no such call, and asks no more', async () => {
  const { server, told, errors, watch, clock } = await watching();
  server.on(CALL, refusal(404, 'not_found'));
  watch();
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  expect(errors[0]).toMatchObject({ code: 'not_found', status: 404 });
  expect([told, clock.waiting()]).toEqual([[], []]);
});

it('is silent once it was stopped', async () => {
  const { server, client, told, watch, clock } = await watching();
  server.on(CALL, json(200, answer(call())), hang);
  server.on('POST /:callId/leave', json(200, answer(ended(2))));
  const stop = watch();
  await vi.waitFor(() => expect(server.count(CALL)).toBe(2));
  stop();
  await client.leave(ID);
  expect(told).toHaveLength(1);
  await vi.waitFor(() => expect(clock.waiting()).toEqual([]));
});
