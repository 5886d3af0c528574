// erase, and webhooks redeliver, as an operator runs them: processes of their own, beside a server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeasedEffect } from '../../src/calls/store.ts';
import { shownDatabase } from '../../src/compose/database-command.ts';
import { comes } from '../events/stage.ts';
import {
  BOB,
  type HostStage,
  type Receiver,
  SECRET,
  setHostStage,
  startReceiver,
  webhooksTo,
} from './stage.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');

let folder: string;
let receiver: Receiver;
let server: HostStage;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-commands-'));
  receiver = await startReceiver();
  server = await setHostStage(webhooksTo(receiver), { path: join(folder, 'calls.db') });
});
afterEach(async () => {
  await server.close();
  await receiver.close();
  rmSync(folder, { recursive: true });
});

async function run(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}
const database = () => ({ DATABASE_URL: `sqlite:${folder}/calls.db` });
/** What each command says at its end. */
const used = () => `Database: ${folder}/calls.db\n`;
const told = (count: number) =>
  comes(() => {
    if (receiver.events.length >= count) return true;
    server.clock.advance(250);
    return false;
  });

it('a database is shown by its host alone', () => {
  const shown = shownDatabase({ DATABASE_URL: 'postgres://alice:hunter2@db.example:5433/calls' });
  expect(shown).toBe('db.example:5433');
});

describe('erase', () => {
  it('leaves his calls and forgets him, and the server tells the host of it', async () => {
    await server.loop.start();
    const call = await server.place('alice', 'bob');
    await told(1);
    const { code, out, err } = await run(['erase', 'bob'], {
      ...database(),
      WEBHOOK_URLS: receiver.url,
      WEBHOOK_SECRET: SECRET,
    });
    expect([code, out, err]).toEqual([
      0,
      'Erased. They were in a call, which they have left. Whoever signs in with this uid again is somebody new.\n' +
        used(),
      '',
    ]);
    await told(3);
    expect(receiver.told).toEqual(['1 call.placed', '2 call.declined', '3 call.ended']);
    const { call: after } = await server.store.call(call.id);
    expect(after?.parties.map(({ uid, state }) => `${uid} ${state}`)).toEqual([
      ...['alice left', 'erased declined'],
    ]);
  });

  it('needs the database alone, and says where nobody was', async () => {
    const call = await server.place('alice', 'bob');
    await server.decline(call, BOB);
    const said = async () => (await run(['erase', 'bob'], database())).out;
    expect(await said()).toBe(
      `Erased. Whoever signs in with this uid again is somebody new.\n${used()}`,
    );
    expect(await said()).toBe(`Nothing was there of this uid.\n${used()}`);
    const { call: after } = await server.store.call(call.id);
    expect(JSON.stringify(after)).not.toContain('bob');
  });

  it.each([
    [{}, ['erase', 'bob'], 1, /^ {2}- DATABASE_URL is required$/m],
    [
      { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:9/db' },
      ['erase', 'bob'],
      1,
      /DATABASE_URL: /,
    ],
    [
      { DATABASE_URL: 'sqlite:data/calls.db' },
      ['erase', 'bob'],
      1,
      /there is no file .*data\/calls\.db\. Run/,
    ],
    [{ DATABASE_URL: 'sqlite::memory:' }, ['erase', 'bob'], 1, /nowhere but in the server/],
    [{ DATABASE_URL: 'sqlite::memory:' }, ['migrate'], 1, /nowhere but in the server/],
    [{ DATABASE_URL: 'sqlite:calls.db' }, ['erase', 'b\nob'], 1, /the uid must not hold control/],
    [{}, ['erase'], 2, /^erase takes the uid of whom to forget\./],
    [{}, ['erase', 'bob', 'carol'], 2, /^erase takes one uid, and not "carol" too\./],
  ])('says what is wrong: %j %j', async (env, args, expected, fault) => {
    const { code, out, err } = await run(args, env as Record<string, string>);
    expect([code, out]).toEqual([expected, '']);
    expect(err).toMatch(fault);
    expect(err).not.toMatch(/hunter2|\n {4}at /);
  });
});

describe('webhooks redeliver', () => {
  it('lets the running server send again what was given up', async () => {
    const call = await server.place('alice', 'bob');
    const [first] = await server.store.leaseEffects('host', 1, 1_000);
    await server.store.hostEventGivenUp(first as LeasedEffect);
    await server.loop.start();
    await server.decline(call, BOB);
    await told(2);
    expect(receiver.told).toEqual(['2 call.declined', '3 call.ended']);
    const { code, out, err } = await run(['webhooks', 'redeliver'], database());
    expect([code, out, err]).toEqual([
      ...[0, `1 event that was given up will be sent again by the running server.\n${used()}`, ''],
    ]);
    await told(3);
    expect(receiver.told.at(-1)).toBe('1 call.placed');
    expect((await run(['webhooks', 'redeliver'], database())).out).toBe(
      `No event was given up: nothing is sent again.\n${used()}`,
    );
  });

  it.each([
    [['webhooks', 'redeliver'], 1, /^ {2}- DATABASE_URL is required$/m],
    [['webhooks'], 2, /^webhooks takes redeliver behind it, and nothing else\./],
    [['webhooks', 'send'], 2, /^webhooks takes redeliver behind it, and nothing else\./],
    [
      ['webhooks', 'redeliver', 'all'],
      2,
      /^webhooks takes redeliver behind it, and nothing else\./,
    ],
    [['webhooks', 'redeliver', '--json'], 2, /^webhooks has no --json: only doctor has\./],
  ])('says what is wrong: %j', async (args, expected, fault) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([expected, '']);
    expect(err).toMatch(fault);
  });
});
