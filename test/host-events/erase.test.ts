// After somebody is erased, nothing that was his opens anything, in the whole switchboard.
import { afterEach, expect, it } from 'vitest';
import type { PushToSend } from '../../src/ringing/host-sender.ts';
import { comes } from '../events/stage.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const at = (path: string) => stage.tokenUrl.replace(/\/livekit-token$/, path);
async function ask(path: string, bearer: string, request: { method?: string; body?: object } = {}) {
  const { method = 'GET', body } = request;
  const response = await fetch(at(path), {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const json = (await response.json()) as { call: { id: string }; cursor: string };
  return { status: response.status, ...json };
}
const as = (uid: string) => stage.idToken({ sub: uid });

it('his ticket, his devices, his feed and his counters are gone', async () => {
  const pushes: PushToSend[] = [];
  stage = await setStage(MOUNTS[0] as Mount, {
    ...{ database: 'sqlite::memory:', ringAccess: 'any', tokenRatePerMinute: 1 },
    sendPush(push: PushToSend) {
      pushes.push(push);
      return 'handed' as const;
    },
  });
  const device = { platform: 'android', pushes: [{ kind: 'host', value: 'bobs-phone' }] };
  await ask('/devices/one', as('bob'), { method: 'PUT', body: device });
  const token = { roomName: 'room-1', participantIdentity: 'bob' };
  const tokenFor = async () => (await stage.ask({ token: as('bob'), body: token })).status;
  expect([await tokenFor(), await tokenFor()]).toEqual([200, 429]);

  const placed = await ask('', as('alice'), {
    method: 'POST',
    body: { callees: ['bob'], kind: 'audio', deviceId: 'alices-phone' },
  });
  const { id } = placed.call;
  await comes(() => {
    if (pushes.length > 0) return true;
    stage.clock.advance(50);
    return false;
  });
  const ticket = pushes[0]?.data.ticket as string;
  expect(await ask(`/${id}`, ticket)).toMatchObject({ status: 200, call: { id } });
  const { cursor } = await ask('/events', as('bob'));
  expect(cursor).toEqual(expect.any(String));

  expect(await stage.switchboard.calls.eraseUser('bob')).toEqual({
    ...{ leftCalls: 1, wasKnown: true },
  });
  expect(await ask(`/${id}`, ticket)).toMatchObject({ status: 403, code: 'ticket_invalid' });
  expect(await ask('/devices/one', ticket, { method: 'DELETE' })).toMatchObject({ status: 403 });
  expect(await ask(`/${id}`, as('bob'))).toMatchObject({ status: 404 });
  expect(await ask('', as('bob'))).toMatchObject({ calls: [] });
  // It begins anew, with what goes on: nothing.
  expect(await ask(`/events?after=${cursor}`, as('bob'))).toMatchObject({ calls: [] });
  expect(await tokenFor()).toBe(200);
  // The call is there for the others, without him.
  const seen = await ask(`/${id}`, as('alice'));
  expect(seen).toMatchObject({ call: { state: 'ended', outcome: 'declined' } });
  expect(JSON.stringify(seen)).not.toContain('bob');
  // Nobody rings him any more.
  const before = pushes.length;
  const again = await ask('', as('alice'), {
    method: 'POST',
    body: { callees: ['bob'], kind: 'audio', deviceId: 'alices-phone' },
  });
  expect(again.call).toMatchObject({ reach: 0 });
  stage.clock.advance(10_000);
  expect(pushes).toHaveLength(before);
});

it('nobody takes his place in the calls of others by the name that he has there', async () => {
  stage = await setStage(MOUNTS[0] as Mount, { database: 'sqlite::memory:', ringAccess: 'any' });
  const place = (callees: string[]) => {
    const body = { callees, kind: 'audio', deviceId: 'alices-phone' };
    return ask('', as('alice'), { method: 'POST', body });
  };
  const { id } = (await place(['bob'])).call;
  await stage.switchboard.calls.eraseUser('bob');
  const refused = { status: 400, code: 'request_invalid' };
  for (const path of ['', `/${id}`, '/events']) {
    expect(await ask(path, as('erased'))).toMatchObject(refused);
  }
  expect(await place(['erased-2'])).toMatchObject(refused);
  await expect(stage.switchboard.calls.liveOf('erased')).rejects.toThrow(TypeError);
});
