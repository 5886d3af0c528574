// LiveKit away, silent, refusing, talking nonsense or slow: what people get, what becomes of calls,
// and what an operator is told.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CallAnswer, type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import type { LiveKitAnswer } from '../fakes/livekit-api.ts';

/** Of the wire, not of the clock. */
const PATIENCE = { interval: 5, timeout: 10_000 };

let stage: CallStage;
/** Two who have talked for longer than a seat is taken for granted. */
let talk: string;
beforeEach(async () => {
  stage = await setCallStage(PLAIN);
  const { call } = await stage.place('alice', ['bob']);
  await stage.accept('bob', call.id);
  talk = call.id;
  await comes(() => stage.livekit.rooms().length === 1);
  const room = stage.livekit.rooms()[0]?.name as string;
  for (const uid of ['alice', 'bob']) {
    const { sid, joinedAtMs } = stage.livekit.enter(room, uid);
    const participant = { sid, identity: uid, joinedAtMs: String(joinedAtMs) };
    const { body, headers } = await stage.livekit.webhook('participant_joined', {
      ...{ room, participant },
    });
    await fetch(`${stage.baseUrl}/livekit-webhook`, { method: 'POST', body, headers });
  }
  await pass(40);
});
afterEach(() => stage.close());

/** Lets a while pass, with everything that comes over the wire in it. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    stage.clock.advance(1_000);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

const comes = (isTrue: () => unknown) =>
  expect
    .poll(() => {
      stage.clock.advance(1_000);
      return isTrue();
    }, PATIENCE)
    .toBe(true);

/** What comes of it while time goes on, and after how much of it. */
async function asTimePasses(answer: Promise<CallAnswer>) {
  const from = stage.clock.monotonic();
  let settled: CallAnswer | undefined;
  answer.then((one) => {
    settled = one;
  });
  await expect
    .poll(() => {
      if (settled === undefined) stage.clock.advance(100);
      return settled;
    }, PATIENCE)
    .toBeDefined();
  return { ...(settled as unknown as CallAnswer), ms: stage.clock.monotonic() - from };
}

const stateOfTalk = async () => (await stage.as('alice', 'GET', `/${talk}`)).call.state;
const told = (sentence: RegExp) => stage.log.lines.filter(({ message }) => sentence.test(message));
const missing = () => stage.switchboard.readiness().missing;

/** Place, accept, hang up; give up; ring another one. No time passes. */
async function callsOfOthers(): Promise<void> {
  const placed = await stage.place('carol', ['dave']);
  expect([placed.status, typeof placed.body.token]).toEqual([201, 'string']);
  const { id } = placed.call;
  const accepted = await stage.accept('dave', id);
  expect([accepted.status, typeof accepted.body.token]).toEqual([200, 'string']);
  const left = await stage.as('dave', 'POST', `/${id}/leave`, { deviceId: 'dave-1' });
  expect([left.status, left.call.outcome]).toEqual([200, 'answered']);
  const given = await stage.place('carol', ['dave']);
  const ended = await stage.as('carol', 'POST', `/${given.call.id}/end`);
  expect([ended.status, ended.call.outcome]).toEqual([200, 'cancelled']);
}

describe.each<LiveKitAnswer>([
  ...(['cut', 'hang', 'hang-halfway', 'error', 'unavailable', 'refuse', 'page'] as const),
])('where LiveKit answers with: %s', (answer) => {
  it('calls go on by its silence, are told of once, and their rooms go when it is back', async () => {
    stage.livekit.answerWith(answer);
    const before = stage.clock.monotonic();
    await callsOfOthers();
    expect(stage.clock.monotonic(), 'nobody has waited for it').toBe(before);
    // Whether alice still sits there LiveKit would have to say.
    const busy = await asTimePasses(stage.place('alice', ['erin'], { deviceId: 'alice-2' }));
    expect(busy).toMatchObject({ status: 409, code: 'in_another_call' });
    expect(busy.ms).toBeLessThanOrEqual(1_500);
    await pass(180);
    expect(await stateOfTalk()).toBe('active');
    expect(told(/^LiveKit at .* gives no answer$/)).toMatchObject([{ level: 'warn' }]);
    expect(missing()).toEqual([expect.stringMatching(/^LiveKit \(no answer for \d+ s\)$/)]);
    expect(stage.livekit.deleted).toEqual([]);

    stage.livekit.answerWith('right');
    await comes(() => stage.livekit.deleted.length === 2);
    await comes(() => missing().length === 0);
    expect(told(/^LiveKit at .* answers again$/)).not.toEqual([]);
    expect(await stateOfTalk()).toBe('active');
    await stage.as('alice', 'POST', `/${talk}/end`);
    await comes(() => stage.livekit.rooms().length === 0);
    expect(told(/./).filter(({ level }) => level === 'error')).toEqual([]);
  });
});

it('where each of LiveKit’s answers takes three seconds, rooms go all the same, and no call ends by it', async () => {
  let release = stage.livekit.hold();
  const slowly = async (seconds: number) => {
    for (let waited = 0; waited < seconds; waited += 3) {
      await pass(3);
      release();
      await pass(0);
      release = stage.livekit.hold();
    }
  };
  await callsOfOthers();
  await slowly(180);
  expect(await stateOfTalk()).toBe('active');
  expect(new Set(stage.livekit.deleted).size).toBe(2);
  expect(told(/./).filter(({ level }) => level === 'error')).toEqual([]);
  release();
  await comes(() => missing().length === 0);
});
