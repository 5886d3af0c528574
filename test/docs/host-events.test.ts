// docs/host-events.md: what people copy does what the page says, and it names every event.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeBlocks, codeSpans } from '../../scripts/markdown.ts';
import { HOST_EVENTS } from '../../src/calls/host-event.ts';
import { comes } from '../events/stage.ts';
import { type Receiver, SECRET, startReceiver } from '../host-events/stage.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'host-events.md'), 'utf8');
const blocks = codeBlocks(page);
const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'livekit-switchboard-host-events-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const library = pathToFileURL(join(ROOT, 'src', 'index.ts')).href;
  for (const { code } of blocks) {
    const name = /^\/\/ ([\w-]+\.js)\n/.exec(code)?.[1];
    if (name === undefined) continue;
    writeFileSync(join(folder, name), code.replace("'livekit-switchboard'", `'${library}'`));
  }
  vi.stubEnv('WEBHOOK_SECRET', SECRET);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
const load = (name: string) => import(pathToFileURL(join(folder, name)).href);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: Parameters<typeof setStage>[1] = {}) {
  const receiver = await startReceiver();
  cleanups.push(receiver.close);
  const stage = await setStage(MOUNTS[0] as Mount, {
    ...{ database: 'sqlite::memory:', ringAccess: 'any' },
    ...{ webhookUrls: [receiver.url], webhookSecret: SECRET, webhookAllowedHosts: ['127.0.0.1'] },
    ...options,
  });
  cleanups.push(stage.close);
  return { receiver, stage };
}

async function place(stage: Stage) {
  const response = await fetch(stage.tokenUrl.replace(/\/livekit-token$/, ''), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stage.idToken({ sub: 'alice', picture: undefined })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      ...{ callId: ID, callees: ['bob'], kind: 'audio', deviceId: 'alice-phone' },
      ...{ context: 'chat-1', data: { order: 7 } },
    }),
  });
  expect(response.status).toBe(201);
}

const told = (stage: Stage, receiver: Receiver, count: number) =>
  comes(() => {
    if (receiver.events.length >= count) return true;
    stage.clock.advance(500);
    return false;
  });

/** Literal, but for times. */
const asDocumented = (json: string) =>
  JSON.parse(json, (_, value) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? expect.any(String) : value,
  );

describe('the page of what a backend hears', () => {
  it('has a row for each event, and no other', () => {
    const part = page.split(/^## The events$/m)[1]?.split(/^## /m)[0] ?? '';
    const rows = part.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.flatMap((row) => codeSpans(row.split(' | ')[0] ?? ''))).toEqual([...HOST_EVENTS]);
  });

  it('shows events as they are, which both receivers of the page verify', async () => {
    const { receiver, stage } = await open();
    await place(stage);
    await told(stage, receiver, 3);
    const shown = blocks.filter(({ language }) => language === 'json').map(({ code }) => code);
    expect([receiver.events[0], receiver.events[2]]).toEqual(shown.map(asDocumented));
    expect(receiver.told).toEqual(['1 call.placed', '2 call.missed', '3 call.ended']);

    const now = vi.spyOn(Date, 'now').mockReturnValue(stage.clock.now());
    for (const name of ['receive.js', 'by-hand.js']) {
      const { receive } = await load(name);
      for (const { text, headers } of receiver.questions) {
        expect(receive(text, headers)).toEqual(JSON.parse(text));
        expect(() => receive(`${text} `, headers)).toThrow();
        const late = { ...headers, 'webhook-timestamp': '1700000000' };
        expect(() => receive(text, late)).toThrow();
      }
    }
    now.mockRestore();
  });

  it('has a function that hears who has missed what', async () => {
    const { options, missed } = await load('mounted.js');
    const { receiver, stage } = await open(options);
    await place(stage);
    await told(stage, receiver, 3);
    await comes(() => {
      stage.clock.advance(500);
      return missed.length > 0;
    });
    expect(missed).toEqual(['bob missed alice']);
  });

  it('places and ends calls from a host’s code', async () => {
    const { callBack } = await load('own-calls.js');
    const { receiver, stage } = await open();
    expect(await callBack(stage.switchboard)).toMatchObject({
      ...{ caller: 'alice', context: 'chat-1' },
      ...{ state: 'ended', outcome: 'cancelled', reason: 'ended_by_host_app' },
    });
    await told(stage, receiver, 2);
    expect(receiver.told).toEqual(['1 call.placed', '2 call.ended']);
  });

  it('forgets a person', async () => {
    const { onAccountDeleted } = await load('erase.js');
    const { stage } = await open();
    await place(stage);
    expect(await onAccountDeleted(stage.switchboard, 'bob')).toEqual({
      ...{ leftCalls: 1, wasKnown: true },
    });
    expect(JSON.stringify(await stage.switchboard.calls.get(ID))).not.toContain('bob');
  });
});
