// What docs/ringing.md tells people to copy does what the page says, against a real switchboard.
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { codeBlocks } from '../../scripts/markdown.ts';
import { createDevelopment } from '../../src/dev/dev.ts';
import type { PushToSend } from '../../src/ringing/host-sender.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';
import { page, under } from './page-parts.ts';

const ringing = page('ringing.md');

type Json = Record<string, unknown>;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const lines = codeBlocks(under(ringing, 'A try by curl')).flatMap(({ language, code }) =>
  language === 'sh' ? code.split('\n') : [],
);

function pushedTo(uid: string, [answer = {}]: Json[]): Json {
  const payload = { type: 'ring', to: uid };
  expect(answer).toMatchObject({ pushes: [{ provider: 'FCM', uid, payload }] });
  return answer;
}

describe('the try by curl', () => {
  it('goes as the page says, word by word, against development mode', async () => {
    const development = createDevelopment(
      { PORT: '0', LIVEKIT_SERVER: 'off', DATABASE_URL: 'sqlite::memory:' },
      () => {},
    );
    cleanups.push(development.stop);
    const { run, variables } = createShell({}, await development.start());
    const answers: Json[] = [];
    for (const line of lines) {
      if (!line.includes('/dev/pocket')) answers.push(...(await run(line)));
      // The push goes out a moment after the answer to whoever calls.
      else answers.push(await vi.waitFor(async () => pushedTo('bob', await run(line)), 5_000));
    }
    expect(variables.TICKET).toMatch(/^Authorization: Bearer swt_[\w-]+$/);
    const calls = answers.map(({ call }) => call as Record<string, never> | undefined);
    expect(answers[0]).toMatchObject({ device: { pushes: [{ isServed: true }] } });
    expect(calls[3]).toMatchObject({ me: { state: 'ringing' } });
    expect(calls[5]?.parties).toContainEqual(
      expect.objectContaining({ uid: 'bob', isAlerting: true }),
    );
    expect(answers[6]).toMatchObject({ code: 'ticket_not_enough' });
    expect(calls[8]).toMatchObject({ me: { state: 'declined' }, outcome: 'declined' });
    expect(answers.at(-1)).toMatchObject({ code: 'ticket_invalid' });
  }, 15_000);
});

describe('what is copied', () => {
  const block = (name: string) =>
    codeBlocks(ringing).find(({ code }) => code.startsWith(`// ${name}\n`))?.code ?? '';

  it('the service worker shows a ring, says so, and takes it away when it is over', async () => {
    const pushes: PushToSend[] = [];
    const stage = await setStage(MOUNTS[0] as Mount, {
      ...{ database: 'sqlite::memory:', ringAccess: 'any' },
      sendPush: (push) => {
        pushes.push(push);
        return 'handed';
      },
    });
    cleanups.push(stage.close);
    const { run } = createShell({
      CALLS: stage.tokenUrl.replace(/\/livekit-token$/, ''),
      ALICE: `Authorization: Bearer ${stage.idToken({ sub: 'alice' })}`,
      BOB: `Authorization: Bearer ${stage.idToken({ sub: 'bob' })}`,
      JSON: 'Content-Type: application/json',
      CALL: randomUUID(),
    });
    const [register = '', place = ''] = lines.filter((line) => line.startsWith('curl '));
    await run(register);
    await run(place);
    // Loops gather for a moment what is due: time passes until it is so.
    await vi.waitFor(() => {
      stage.clock.advance(50);
      expect(pushes.length).toBeGreaterThan(0);
    });
    const worker = startWorker(block('firebase-messaging-sw.js'), stage);
    const ring = worker.push(pushes[0]?.data ?? {});
    await vi.waitFor(async () => {
      const seen = await run('curl "$CALLS/$CALL" -H "$ALICE"');
      expect(JSON.stringify(seen)).toContain('"isAlerting":true');
    });
    expect(worker.shown()).toEqual(['Alice Example is calling']);
    await run('curl -X POST "$CALLS/$CALL/leave" -H "$ALICE" -H "$JSON" -d \'{}\'');
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

/** As much of a shell, of curl and of `node -p` as the page uses. `origin` in place of the page's. */
function createShell(variables: Record<string, string>, origin = '') {
  const expand = (text: string) =>
    text
      .replace(/\$([A-Z]+)/g, (_, name) => variables[name] ?? '')
      .replace('http://127.0.0.1:3000', origin);

  /** What was answered: nothing, or one answer. */
  async function run(line: string): Promise<Json[]> {
    const [, name = '', quoted, bare = ''] = /^([A-Z]+)=(?:"(.*)"|(.*))$/.exec(line) ?? [];
    if (name !== '') {
      variables[name] = await substituted(quoted ?? bare);
      return [];
    }
    return line.startsWith('curl ') ? [await curl(line)] : [];
  }

  async function substituted(text: string): Promise<string> {
    const [whole, url] = /\$\(curl -sf? (\S+)\)/.exec(text) ?? [];
    if (whole === undefined || url === undefined) {
      return expand(text.replace(/\$\(node -p .*\)/, randomUUID()));
    }
    const response = await fetch(expand(url));
    if (!response.ok) throw new Error(`${response.status} to ${url}`);
    return text.replace(whole, await response.text());
  }

  async function curl(line: string): Promise<Json> {
    const [, method = 'GET', quoted, bare = ''] =
      /^curl (?:-s )?(?:-X (\w+) )?(?:"([^"]+)"|(\S+))/.exec(line) ?? [];
    const headers = [...line.matchAll(/-H "([^"]+)"/g)].map(([, header = '']) =>
      expand(header).split(/: (.*)/, 2),
    );
    const body = /-d '(.*)'(?: #|$)/
      .exec(line)?.[1]
      ?.replace(/'(\$[A-Z]+)'/g, (_, one) => expand(one));
    const response = await fetch(expand(quoted ?? bare), {
      method,
      headers: headers as [string, string][],
      ...(body !== undefined && { body }),
    });
    const json = (await response.json()) as Json;
    const refused = /# (\d{3})$/.exec(line)?.[1];
    if (refused === undefined ? !response.ok : response.status !== Number(refused)) {
      throw new Error(`${response.status} to ${line}: ${JSON.stringify(json)}`);
    }
    return json;
  }

  return { run, variables };
}
