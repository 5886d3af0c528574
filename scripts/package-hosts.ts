// The hosts of test/package, each as a project of its own outside the repository.
import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, startChild } from '../test/e2e/child.ts';
import { PROJECT_ID, signIdToken } from '../test/fakes/firebase.ts';
import { startKeyEndpoint } from '../test/fakes/key-endpoint.ts';
import { run } from './commands.ts';

const STOPS_WITHIN_MS = 10_000;
const INSTALL = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];

/** Copies a host to `folder`, and installs what it names and what is given. */
export async function installHost(
  source: string,
  folder: string,
  args: readonly string[],
): Promise<void> {
  await cp(source, folder, { recursive: true });
  await run('npm', [...INSTALL, ...args], { cwd: folder });
}

/** A Node of another version, for itself: its binary comes by an install script. */
export async function installNode(version: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const manifest = { private: true, allowScripts: { node: true } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await run('npm', [...INSTALL, `node@${version}`], { cwd: folder });
  const node = join(folder, 'node_modules', 'node', 'bin', 'node');
  assert.equal((await run(node, ['--version'], { cwd: folder })).trim(), `v${version}`);
  return node;
}

/** Runs a program of a host's, asks it as an app does, and ends it as a platform does. */
export async function tryHost(program: {
  readonly folder: string;
  readonly node: string;
  readonly args: readonly string[];
  /** What it says when it listens, with its port. */
  readonly listening: RegExp;
  /** What a path that is none of ours answers. */
  readonly alsoServes: { readonly path: string; readonly status: number; readonly text: string };
  readonly env?: Readonly<Record<string, string>>;
  /** The uid of somebody who must be refused, and the code of it. */
  readonly refuses?: { readonly uid: string; readonly code: string };
}): Promise<void> {
  const keys = await startKeyEndpoint();
  const child = startChild({
    command: program.node,
    args: program.args,
    cwd: program.folder,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      FIREBASE_PROJECT_ID: PROJECT_ID,
      FIREBASE_KEYS_URL: keys.url,
      LIVEKIT_API_KEY: 'key',
      LIVEKIT_API_SECRET: 'a-secret-of-at-least-32-characters',
      HOST: '127.0.0.1',
      PORT: '0',
      DRAIN_SECONDS: '0',
      ...program.env,
    },
  });
  try {
    const [, port] = await child.says(program.listening);
    const origin = `http://127.0.0.1:${port}`;
    await askForTokens(`${origin}/api/calls/livekit-token`, program.refuses);
    const { path, status, text } = program.alsoServes;
    const response = await fetch(origin + path);
    assert.deepEqual({ status: response.status, text: await response.text() }, { status, text });
    await endsWell(child);
  } catch (error) {
    const output = child.output();
    throw new Error(`${(error as Error).message}\nIts output:\n${output.slice(-2000)}`);
  } finally {
    await child.stop();
    await keys.close();
  }
}

async function askForTokens(
  url: string,
  refuses?: { readonly uid: string; readonly code: string },
): Promise<void> {
  const ask = async (token: string | undefined, body: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
    });
    const answer = (await response.json()) as { token?: string; code?: string };
    return { status: response.status, code: answer.code, parts: answer.token?.split('.').length };
  };
  const body = JSON.stringify({ roomName: 'room-1', participantIdentity: 'alice' });
  const token = signIdToken();
  assert.deepEqual(await ask(token, body), { status: 200, code: undefined, parts: 3 });
  assert.deepEqual(await ask(undefined, body), {
    status: 401,
    code: 'id_token_missing',
    parts: undefined,
  });
  assert.deepEqual(await ask(token, '{'), {
    status: 400,
    code: 'request_invalid',
    parts: undefined,
  });
  if (refuses === undefined) return;
  const { uid, code } = refuses;
  const refused = await ask(
    signIdToken({ sub: uid, user_id: uid }),
    JSON.stringify({ roomName: 'room-1', participantIdentity: uid }),
  );
  assert.deepEqual(refused, { status: 403, code, parts: undefined });
}

/** SIGTERM, and it ends by itself with 0: nothing of ours keeps a host alive. */
async function endsWell(child: Child): Promise<void> {
  await child.stop(STOPS_WITHIN_MS);
  const { exitCode, signalCode } = child.process;
  assert.deepEqual({ exitCode, signalCode }, { exitCode: 0, signalCode: null }, 'after SIGTERM');
}
