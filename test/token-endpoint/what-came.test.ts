// The contract's sentence stays what it is; the log says what came in place of the two names.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOUNTS } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage(MOUNTS[1] as (typeof MOUNTS)[1]);
});
afterAll(() => stage.close());

describe('a body without the two names', () => {
  it.each<[object, string]>([
    [
      { roomName: 123, participantIdentity: 'alice' },
      'roomName is a number, and must be a text that is not empty',
    ],
    [
      { roomName: ['r'], participantIdentity: { uid: 'x' } },
      'roomName is a list, and must be a text that is not empty; ' +
        'participantIdentity is an object, and must be a text that is not empty',
    ],
    [
      { roomName: '', participantIdentity: 'alice' },
      'roomName is empty, and must be a text that is not empty',
    ],
    [
      { roomName: 'r', participantIdentity: null },
      'participantIdentity is null, and must be a text that is not empty',
    ],
    [
      { room: 'r', identity: 'alice' },
      'there is no roomName, and there is room: roomName was meant?; ' +
        'there is no participantIdentity, and there is identity: participantIdentity was meant?',
    ],
    [
      { roomId: 'r', participantIdentity: 'alice' },
      'there is no roomName, and there is roomId: roomName was meant?',
    ],
    [{ roomName: 'r', room_name: null }, 'there is no participantIdentity'],
    [
      { data: { roomName: 'r', participantIdentity: 'alice' } },
      'the fields are inside of "data", as callable functions are called: send them at the top of the body',
    ],
    [
      { body: { roomName: 'r' } },
      'the fields are inside of "body": send them at the top of the body',
    ],
    [{ 'x\ny': 'secret' }, 'there is no roomName; there is no participantIdentity'],
    [{}, 'there is no roomName; there is no participantIdentity'],
  ])('has what came in the log alone: %j', async (body, message) => {
    const answer = await stage.ask({ body });
    expect([answer.status, answer.body.error, answer.body.code]).toEqual([
      400,
      'roomName and participantIdentity are required.',
      'request_invalid',
    ]);
    const line = stage.log.lines.filter(({ level }) => level === 'info').at(-1);
    expect(line?.fields).toMatchObject({ code: 'request_invalid', err: { message } });
    expect(JSON.stringify(line)).not.toMatch(/secret|"r"/);
  });
});
