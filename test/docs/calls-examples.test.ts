// What docs/calls.md tells people to copy does what the page says, against a real switchboard.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeBlocks } from '../../scripts/markdown.ts';
import { DEMO_USERS } from '../../src/dev/demo-users.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'calls.md'), 'utf8');
/** The client waits by the real clock. */
const PATIENCE = { timeout: 10_000 };
const plain = MOUNTS.find(({ name }) => name === 'plain node:http') as Mount;

let stage: Stage;
let baseUrl: string;
beforeEach(async () => {
  stage = await setStage(plain, { database: 'sqlite::memory:' });
  baseUrl = stage.tokenUrl.replace(/\/livekit-token$/, '');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stage.close();
  await stage.keys.close();
});

/** As development mode signs them. */
const idTokenOf = (uid: string) =>
  stage.idToken({
    ...{ sub: uid, name: undefined, picture: undefined },
    ...DEMO_USERS.find((user) => user.uid === uid)?.claims,
  });

describe('the walk by curl', () => {
  const blocks = codeBlocks(page.split(/^## Over HTTP$/m)[1]?.split(/^## /m)[0] ?? '');

  it('goes as the page says', async () => {
    const variables = new Map([
      ['CALLS', baseUrl],
      ['CALL', '0f8fad5b-d9cb-469f-a165-70867728950e'],
    ]);
    let answer: unknown;
    let requests = 0;
    for (const { language, code } of blocks) {
      if (language === 'json') {
        expect(answer).toEqual(asDocumented(JSON.parse(code)));
      }
      if (language !== 'sh') continue;
      for (const line of code.split('\n').filter((line) => line.startsWith('curl '))) {
        answer = await curl(line, variables);
        requests += 1;
      }
    }
    expect(requests).toBeGreaterThan(10);
  });

  it('makes its id by what is there wherever this runs', () => {
    const made = /^CALL=(.*)$/m.exec(blocks.map(({ code }) => code).join('\n'))?.[1];
    const id = execFileSync('/bin/sh', ['-c', `echo ${made}`], {
      env: { PATH: dirname(process.execPath) },
      encoding: 'utf8',
    });
    expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/);
  });
});

/** As much of curl as the page uses. Throws where the status is not the one beside it. */
async function curl(line: string, variables: ReadonlyMap<string, string>): Promise<unknown> {
  const [, method = 'GET', target = ''] = /^curl (?:-X (\w+) )?"([^"]+)"/.exec(line) ?? [];
  const url = target.replace(/\$([A-Z]+)/g, (_, name: string) => variables.get(name) ?? name);
  const user = /-H "\$(ALICE|BOB|CAROL)"/.exec(line)?.[1]?.toLowerCase() ?? '';
  const body = /-d '(.*)'/.exec(line)?.[1]?.replace("'$CALL'", variables.get('CALL') ?? '');
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${idTokenOf(user)}`,
      ...(line.includes('"$JSON"') && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  });
  const json = await response.json();
  const refused = /# (\d{3})$/.exec(line)?.[1];
  if (refused === undefined ? !response.ok : response.status !== Number(refused)) {
    throw new Error(`${response.status} to ${line}: ${JSON.stringify(json)}`);
  }
  return json;
}

/** Literal where the page has a value, anything where it has `…`, `<…>` or a time. */
function asDocumented(value: unknown): unknown {
  if (typeof value === 'string') {
    return /…|^<|^\d{4}-\d\d-\d\dT/.test(value) ? expect.any(String) : value;
  }
  if (Array.isArray(value)) return value.map(asDocumented);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, asDocumented(of)]));
}

describe('the files in JavaScript', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'livekit-switchboard-calls-'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'livekit-client.js'), ROOMS);
    for (const { code } of codeBlocks(page)) {
      const name = /^\/\/ ([\w-]+\.js)\n/.exec(code)?.[1];
      if (name === undefined) continue;
      const client = pathToFileURL(join(ROOT, 'src', 'client', 'index.ts')).href;
      const asTested = code
        .replace("'livekit-client'", "'./livekit-client.js'")
        .replace("'livekit-switchboard/client'", `'${client}'`)
        .replace('setTimeout(resolve, 1000)', 'setTimeout(resolve, 0)');
      writeFileSync(join(folder, name), asTested);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const load = (name: string) => import(pathToFileURL(join(folder, name)).href);

  it('let two people find each other, talk, and know why it is over', async () => {
    const { createCalls } = await load('calls.js');
    const { talk } = await load('talk.js');
    const { rooms } = await load('livekit-client.js');
    const alice = createCalls(appOf('alice'));
    const bob = createCalls(appOf('bob'));

    const placed = await alice.place({ callees: ['bob'] });
    const said: unknown[] = [];
    const hers = await talk(alice, placed, {
      onAnswer: () => said.push('answered'),
      onEnd: ({ outcome, reason }: Record<string, string>) => said.push([outcome, reason]),
    });
    const [ringing] = await bob.live();
    expect(ringing.me).toMatchObject({ state: 'ringing', ringSeconds: 45 });
    const accepted = await bob.accept(ringing.id);
    expect(rooms).toEqual([['wss://livekit.example.com', placed.token]]);
    expect(accepted.serverUrl).toBe('wss://livekit.example.com');
    hers.room.emit('participantConnected');

    const call = await alice.next(placed.call);
    expect(call.state).toBe('active');
    await bob.leave(call.id);
    hers.room.emit('disconnected');
    await expect.poll(() => said, PATIENCE).toEqual(['answered', ['answered', 'hangup']]);
  });

  it('leave a call in which nobody could hear them', async () => {
    const { createCalls } = await load('calls.js');
    const { talk } = await load('talk.js');
    const { microphone } = await load('livekit-client.js');
    const alice = createCalls(appOf('alice'));
    const placed = await alice.place({ callees: ['bob'] });
    microphone.error = new Error('Permission denied');
    const ends: unknown[] = [];
    const talking = talk(alice, placed, { onEnd: (call: unknown) => ends.push(call) });
    await expect(talking).rejects.toThrow('Permission denied');
    microphone.error = undefined;
    expect(await alice.get(placed.call.id)).toMatchObject({ state: 'ended', outcome: 'cancelled' });
    expect(ends).toEqual([]);
  });

  it('send a request again whose answer was lost, and call nobody twice', async () => {
    const { createCalls } = await load('calls.js');
    const alice = createCalls(appOf('alice'));
    const send = globalThis.fetch;
    vi.spyOn(globalThis, 'fetch').mockImplementationOnce(async (...request) => {
      await send(...request);
      throw new TypeError('fetch failed');
    });
    const { call } = await alice.place({ callees: ['bob'] });
    const again = await alice.place({ callId: call.id, callees: ['bob'] });
    expect(again.call).toEqual(call);
    expect(await createCalls(appOf('bob')).live()).toHaveLength(1);
  });

  it('say by a code why not', async () => {
    const { createCalls, CallRefused } = await load('calls.js');
    const bob = createCalls(appOf('bob'));
    const refused = await bob.get('0f8fad5b-d9cb-469f-a165-70867728950e').catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(CallRefused);
    expect(refused).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('ring by the feed of our client, and stop when another phone has answered', async () => {
    const { createPhone } = await load('phone.js');
    const { createCalls } = await load('calls.js');
    const shown: string[] = [];
    const show = Object.fromEntries(
      ['ringing', 'here', 'elsewhere', 'ended'].map((name) => [name, () => shown.push(name)]),
    );
    const tablet = createPhone({ ...appOf('bob'), show });
    const alice = createCalls(appOf('alice'));
    const { call } = await alice.place({ callees: ['bob'] });
    await expect.poll(() => shown.at(-1), PATIENCE).toBe('ringing');
    await createCalls(appOf('bob')).accept(call.id);
    await expect.poll(() => shown.at(-1), PATIENCE).toBe('elsewhere');
    await alice.leave(call.id);
    await expect.poll(() => shown.at(-1), PATIENCE).toBe('ended');
    tablet.close();
  });

  const appOf = (uid: string) => ({
    baseUrl,
    getIdToken: async () => idTokenOf(uid),
    deviceId: `${uid}-phone`,
  });
});

/** As much of livekit-client as the page uses, without media. */
const ROOMS = `
export const RoomEvent = { ParticipantConnected: 'participantConnected', Disconnected: 'disconnected' };
export const rooms = [];
export const microphone = { error: undefined };
export class Room {
  #listeners = new Map();
  remoteParticipants = new Map();
  localParticipant = {
    async setMicrophoneEnabled() { if (microphone.error) throw microphone.error; },
    async setCameraEnabled() {},
  };
  on(event, run) { this.#listeners.set(event, run); }
  emit(event) { this.#listeners.get(event)?.(); }
  removeAllListeners() { this.#listeners.clear(); }
  async connect(url, token) { rooms.push([url, token]); }
  async disconnect() { this.emit(RoomEvent.Disconnected); }
}
`;
