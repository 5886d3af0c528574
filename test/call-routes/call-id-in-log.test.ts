// The way of one call through the log of requests: its id is in each line, and nothing else of it.
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { CALL_MOUNTS, type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import { comes } from '../events/stage.ts';

let stage: CallStage;
afterEach(() => stage.close());

interface Line {
  readonly method?: string;
  readonly route?: string;
  readonly status?: number;
  readonly callId?: string;
}

const lines = (): Line[] =>
  stage.log.lines
    .map(({ fields }): Line => fields)
    .filter(({ method, route }) => method !== undefined && route !== undefined);

/** What the log says of what `ask` asks, once it does. */
async function lineOf(ask: () => Promise<unknown>): Promise<Line> {
  const before = lines().length;
  await ask();
  await comes(() => lines().length === before + 1);
  return lines().at(-1) as Line;
}

async function open(options?: SwitchboardOptions): Promise<void> {
  stage = await setCallStage(PLAIN, options);
}

describe.each(CALL_MOUNTS)('in $name', (mount) => {
  it('a call is followed from its place to its end', async () => {
    stage = await setCallStage(mount);
    const id = randomUUID();
    const steps = [
      () => stage.place('alice', ['bob'], { callId: id }),
      () => stage.as('bob', 'GET', `/${id.toUpperCase()}`),
      () => stage.accept('bob', id),
      () => stage.as('alice', 'POST', `/${id}/invite`, { callees: ['carol'] }),
      () => stage.as('carol', 'POST', `/${id}/decline`),
      () => stage.as('bob', 'POST', `/${id}/leave`),
      () => stage.as('alice', 'POST', `/${id}/end`),
    ];
    for (const step of steps) expect(await lineOf(step)).toMatchObject({ callId: id });
    expect(lines().map(({ route, status }) => `${route?.split('/').at(-1)} ${status}`)).toEqual([
      'calls 201',
      ':callId 200',
      'accept 200',
      'invite 200',
      'decline 200',
      'leave 200',
      'end 200',
    ]);
  });
});

it('a refused request about a call names it too', async () => {
  await open();
  const id = randomUUID();
  expect([
    await lineOf(() => stage.accept('bob', id)),
    await lineOf(() => stage.as(null, 'GET', `/${id}`)),
  ]).toMatchObject([
    { status: 404, callId: id },
    { status: 401, callId: id },
  ]);
});

it('a place names the call that it was answered with', async () => {
  await open();
  const id = randomUUID();
  const place = () => stage.place('alice', ['bob'], { callId: id });
  await place();
  expect(await lineOf(place)).toMatchObject({ status: 200, callId: id });
  // Bob rings Alice, who is ringing him.
  const glare = () => stage.place('bob', ['alice'], { callId: randomUUID() });
  expect(await lineOf(glare)).toMatchObject({ status: 200, callId: id });
  const ownId = await lineOf(() => stage.place('carol', ['dave']));
  const { calls } = await stage.as('carol', 'GET', '');
  expect(ownId).toMatchObject({ status: 201, callId: calls[0]?.id });
});

it('a line about no call has no id', async () => {
  await open();
  const refused = await lineOf(() => stage.place('alice', [], { callId: randomUUID() }));
  const list = await lineOf(() => stage.as('alice', 'GET', ''));
  const token = await lineOf(() => stage.ask());
  expect([refused, list, token].map(({ status, callId }) => [status, callId])).toEqual([
    [400, undefined],
    [200, undefined],
    [200, undefined],
  ]);
});

it('nothing else of a call is in the log', async () => {
  await open();
  const more = { context: 'chat-with-bob', data: { topic: 'pregnancy' } };
  const placed = await stage.place('alice', ['bob-of-chat'], more);
  await lineOf(() => stage.accept('bob-of-chat', placed.call.id, { deviceId: 'bobs-phone' }));
  stage.clock.advance(1_000);
  await comes(() => stage.livekit.rooms().length === 1);
  await lineOf(() => stage.as('alice', 'POST', `/${placed.call.id}/end`));
  const room = stage.livekit.asked.find(({ method }) => method === 'CreateRoom')?.body.name;
  const placing = stage.log.lines.filter(({ fields }) => !('uid' in fields));
  expect(JSON.stringify(placing)).not.toMatch(/alice|bob/);
  const text = JSON.stringify(stage.log.lines);
  for (const secret of [room, 'chat-with-bob', 'pregnancy', 'bobs-phone', placed.body.token]) {
    expect(text).not.toContain(String(secret));
  }
});
