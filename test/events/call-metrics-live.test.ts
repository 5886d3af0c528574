// What an operator sees of a switchboard with calls: whatever happens to them is measured.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it } from 'vitest';
import { GATHER_MS } from '../../src/events/wake-loop.ts';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import type { Webhook } from '../fakes/livekit-api.ts';
import { comes } from './stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options?: SwitchboardOptions): Promise<CallStage> {
  const stage = await setCallStage(PLAIN, options);
  cleanups.push(stage.close);
  return stage;
}

/** One that is not there yet, and how another process opens it. */
function file() {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-metrics-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'calls.db');
  const beside = () => {
    const opened = new DatabaseSync(path);
    cleanups.push(() => opened.close());
    return opened;
  };
  return { folder, path, beside };
}

const measured = (stage: CallStage) => stage.switchboard.metrics();
/** The value of a metric with these labels, as they are written; undefined: it is not there. */
async function value(stage: CallStage, name: string): Promise<number | undefined> {
  const line = (await measured(stage)).split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

async function send(stage: CallStage, { body, headers }: Webhook): Promise<number> {
  const url = `${stage.baseUrl}/livekit-webhook`;
  return (await fetch(url, { method: 'POST', body, headers: { ...headers } })).status;
}

async function roomOf(stage: CallStage): Promise<string> {
  await comes(() => stage.livekit.rooms().length > 0);
  return stage.livekit.rooms()[0]?.name as string;
}

it('webhooks are counted by what they say and what became of them', async () => {
  const stage = await open();
  await stage.place('alice', ['bob'], { context: 'chat-7' });
  stage.clock.advance(GATHER_MS);
  const room = await roomOf(stage);
  const participant = stage.livekit.enter(room, 'alice');
  const webhook = (event: string, about: string) =>
    stage.livekit.webhook(event, {
      room: about,
      participant: { ...participant, joinedAtMs: String(participant.joinedAtMs) },
    });
  const forged = await webhook('participant_joined', room);
  const foreign = `call_${'x'.repeat(22)}`;
  expect([
    await send(stage, await webhook('participant_joined', room)),
    await send(stage, await webhook('participant_left', foreign)),
    await send(stage, await webhook('track_published', room)),
    await send(stage, await webhook('room_started', 'somebody-elses')),
    await send(stage, { ...forged, headers: { ...forged.headers, authorization: 'x' } }),
    await send(stage, { ...forged, body: forged.body.replace('joined', 'left') }),
  ]).toEqual([200, 200, 200, 200, 401, 401]);
  const name = 'switchboard_livekit_webhooks_total';
  const counts = (await measured(stage))
    .split('\n')
    .filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
  expect(counts.map((line) => line.slice(name.length)).sort()).toEqual([
    '{event="joined",result="ok"} 1',
    '{event="left",result="ignored"} 1',
    '{event="none",result="bad_signature"} 2',
    '{event="other",result="ignored"} 2',
  ]);
  for (const secret of [room, foreign, 'alice', 'chat-7', 'somebody-elses']) {
    expect(await measured(stage)).not.toContain(secret);
  }
});

it('a webhook of a database that is away is counted as failed: LiveKit sends it again', async () => {
  const { path, beside } = file();
  const stage = await open({ database: `sqlite:${path}` });
  await stage.place('alice', ['bob']);
  stage.clock.advance(GATHER_MS);
  const room = await roomOf(stage);
  const webhook = await stage.livekit.webhook('room_finished', { room });
  beside().exec('alter table calls rename to away');
  expect(await send(stage, webhook)).toBeGreaterThanOrEqual(500);
  const name = 'switchboard_livekit_webhooks_total';
  expect(await value(stage, `${name}{event="finished",result="failed"}`)).toBe(1);
});

it('what has to be done at LiveKit is counted by what came of it', async () => {
  const stage = await open();
  const name = 'switchboard_call_effects_total';
  stage.livekit.answerWith('error');
  const { call } = await stage.place('alice', ['bob']);
  const passes = (result: string) =>
    comes(async () => {
      stage.clock.advance(1_000);
      return (await value(stage, `${name}{effect="create_room",result="${result}"}`)) === 1;
    });
  await passes('failed');
  await passes('given_up');
  stage.livekit.answerWith('right');
  await stage.as('alice', 'POST', `/${call.id}/leave`);
  await comes(async () => {
    stage.clock.advance(1_000);
    return (await value(stage, `${name}{effect="delete_room",result="done"}`)) === 1;
  });
});

it('deadlines that are not looked after are told as long as they wait', async () => {
  const { path, beside } = file();
  const stage = await open({ database: `sqlite:${path}` });
  await stage.place('alice', ['bob']);
  const behind = () => value(stage, 'switchboard_call_deadlines_behind_seconds');
  expect(await behind()).toBe(0);
  const other = beside();
  // Whoever has renamed the table keeps everybody from what is due.
  other.exec('alter table timers rename to away');
  const lateBy = (seconds: number) =>
    comes(async () => {
      stage.clock.advance(1_000);
      return ((await behind()) ?? 0) > seconds;
    });
  await lateBy(20);
  other.exec('alter table away rename to timers');
  await comes(async () => {
    stage.clock.advance(1_000);
    return (await behind()) === 0;
  });
});

it('a deadline that cannot be applied is counted, each time', async () => {
  const { path, beside } = file();
  const stage = await open({ database: `sqlite:${path}` });
  await stage.place('alice', ['bob']);
  beside().exec('alter table parties rename to away');
  await comes(async () => {
    stage.clock.advance(1_000);
    return ((await value(stage, 'switchboard_call_deadline_failures_total')) ?? 0) > 1;
  });
});

it('one figure tells whether anything is missing: a database that cannot be opened is', async () => {
  expect(await value(await open(), 'switchboard_ready')).toBe(1);
  const stage = await open({ database: `sqlite:${file().folder}` });
  await stage.place('alice', ['bob']);
  expect(await value(stage, 'switchboard_ready')).toBe(0);
});

it('answers without a database are counted with the refusals', async () => {
  const { folder } = file();
  // A folder is no file.
  const stage = await open({ database: `sqlite:${folder}` });
  await stage.place('alice', ['bob']);
  await stage.accept('bob', randomUUID());
  expect(await value(stage, 'switchboard_refusals_total{code="calls_unavailable"}')).toBe(2);
});
