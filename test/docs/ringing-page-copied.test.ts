// What docs/ringing.md tells people to copy does what the page says, against a real switchboard.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { codeBlocks } from '../../scripts/markdown.ts';
import type { PushToSend } from '../../src/ringing/host-sender.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';
import { page, under } from './page-parts.ts';

const ringing = page('ringing.md');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open() {
  const pushes: PushToSend[] = [];
  const stage = await setStage(MOUNTS[0] as Mount, {
    ...{ database: 'sqlite::memory:', ringAccess: 'any' },
    sendPush: (push) => {
      pushes.push(push);
      return 'handed';
    },
  });
  cleanups.push(stage.close);
  return { stage, pushes };
}

describe('the try by curl', () => {
  it('goes as the page says', async () => {
    const { stage, pushes } = await open();
    const answers: Record<string, unknown>[] = [];
    for (const { language, code } of codeBlocks(under(ringing, 'A try by curl'))) {
      if (language !== 'sh') continue;
      for (const line of code.split('\n').filter((line) => line.startsWith('curl '))) {
        if (line.includes('$TICKET')) await pushed(stage, pushes);
        answers.push(await curl(stage, line, pushes[0]?.data.ticket ?? ''));
      }
    }
    expect(pushes[0]).toMatchObject({ type: 'ring', to: 'bob', data: { type: 'ring' } });
    const calls = answers.map(({ call }) => call as Record<string, never> | undefined);
    expect(answers[0]).toMatchObject({ device: { pushes: [{ isServed: true }] } });
    expect(calls[2]).toMatchObject({ me: { state: 'ringing' } });
    expect(calls[4]?.parties).toContainEqual(
      expect.objectContaining({ uid: 'bob', isAlerting: true }),
    );
    expect(answers[5]).toMatchObject({ code: 'ticket_not_enough' });
    expect(calls[7]).toMatchObject({ me: { state: 'declined' }, outcome: 'declined' });
    expect(answers.at(-1)).toMatchObject({ code: 'ticket_invalid' });
  });
});

describe('what is copied', () => {
  const block = (name: string) =>
    codeBlocks(ringing).find(({ code }) => code.startsWith(`// ${name}\n`))?.code ?? '';

  it('the service worker shows a ring, says so, and takes it away when it is over', async () => {
    const { stage, pushes } = await open();
    const lines = codeBlocks(under(ringing, 'A try by curl')).flatMap(({ code }) =>
      code.split('\n'),
    );
    const [register = '', place = ''] = lines.filter((line) => line.startsWith('curl '));
    await curl(stage, register, '');
    await curl(stage, place, '');
    await pushed(stage, pushes);
    const worker = startWorker(block('firebase-messaging-sw.js'), stage);
    const ring = worker.push(pushes[0]?.data ?? {});
    await vi.waitFor(async () => {
      const { call } = await curl(stage, 'curl "$CALLS/$CALL" -H "$ALICE"', '');
      expect(JSON.stringify(call)).toContain('"isAlerting":true');
    });
    expect(worker.shown()).toEqual(['Alice Example is calling']);
    await curl(stage, 'curl -X POST "$CALLS/$CALL/leave" -H "$ALICE" -H "$JSON" -d \'{}\'', '');
    await ring;
    expect(worker.shown()).toEqual([]);
    await worker.push({ type: 'stop_ring', id: 'x', title: 'Alice', body: 'Missed call' });
    await worker.push({ type: 'stop_ring', id: 'y', body: 'Missed call' });
    await worker.push({ type: 'stop_ring', id: 'z', cause: 'answered_elsewhere' });
    expect(worker.shown()).toEqual(['Alice Missed call', 'Missed call']);
  });

  it('a sender of one’s own says what came of it', async () => {
    const code = block('own-sender.js')
      .replace(/^import .*$/m, '')
      .replaceAll('export ', '');
    const options = new Function('fetch', `${code}; return options;`);
    const sent = (status: number): Promise<unknown> =>
      options(async () => new Response(null, { status })).sendPush({ device: {}, data: {} });
    expect(await Promise.all([200, 404, 503].map(sent))).toEqual(['handed', 'gone', 'failed']);
  });
});

/** As much of a service worker as the page uses. */
function startWorker(code: string, stage: Stage) {
  interface Shown {
    title: string;
    tag: string;
    body?: string;
    data?: unknown;
    close(): void;
  }
  const shown = new Map<string, Shown>();
  const listeners = new Map<string, (event: object) => void>();
  const self = {
    addEventListener: (name: string, run: (event: object) => void) => listeners.set(name, run),
    registration: {
      async showNotification(title: string, options: Pick<Shown, 'tag' | 'body' | 'data'>) {
        const { tag } = options;
        shown.set(tag, { ...options, title, close: () => shown.delete(tag) });
      },
      getNotifications: async ({ tag }: { tag: string }) => [shown.get(tag)].filter((one) => one),
    },
  };
  const base = stage.tokenUrl.replace(/\/livekit-token$/, '');
  new Function('self', code.replace('https://calls.example.com/api/calls', base))(self);
  return {
    async push(data: object) {
      const work: unknown[] = [];
      const waitUntil = (one: unknown) => work.push(one);
      listeners.get('push')?.({ data: { json: () => ({ data }) }, waitUntil });
      await Promise.all(work);
    },
    shown: () => [...shown.values()].map(({ title, body }) => [title, body].join(' ').trim()),
  };
}

/** Loops gather for a moment what is due: time passes until it is so. */
const pushed = (stage: Stage, pushes: readonly unknown[]) =>
  vi.waitFor(() => {
    stage.clock.advance(50);
    expect(pushes.length).toBeGreaterThan(0);
  });

/** As much of curl as the page uses. */
async function curl(stage: Stage, line: string, ticket: string): Promise<Record<string, unknown>> {
  const [, method = 'GET', target = ''] = /^curl (?:-X (\w+) )?"([^"]+)"/.exec(line) ?? [];
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const base = stage.tokenUrl.replace(/\/livekit-token$/, '');
  const user = /-H "\$(ALICE|BOB|TICKET)"/.exec(line)?.[1] ?? '';
  const token = user === 'TICKET' ? ticket : stage.idToken({ sub: user.toLowerCase() });
  const body = /-d '(.*)'(?: #|$)/.exec(line)?.[1]?.replace("'$CALL'", id);
  const response = await fetch(target.replace('$CALLS', base).replace('$CALL', id), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(line.includes('"$JSON"') && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  });
  const json = (await response.json()) as Record<string, unknown>;
  const refused = /# (\d{3})$/.exec(line)?.[1];
  if (refused === undefined ? !response.ok : response.status !== Number(refused)) {
    throw new Error(`${response.status} to ${line}: ${JSON.stringify(json)}`);
  }
  return json;
}
