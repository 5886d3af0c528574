// The tests of docs/testing.md, run as the page has them and by their own commands: they pass, and end.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startChild } from '../test/e2e/child.ts';
import { PROJECT_ID, timesAt } from '../test/fakes/firebase.ts';
import { writeFilesOf } from './package-pages.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'testing.md');
const ENDS_WITHIN_MS = 60_000;
const DEV_SAYS_LISTENING = /page +(http:\/\/localhost:\d+)\//;

/** @throws Error with the output of what fails, or does not end. */
export async function runTestingPage(folder: string): Promise<void> {
  const files = writeFilesOf(PAGE, folder);
  const named = (end: string) => files.filter((name) => name.endsWith(end));
  const shim = join('node_modules', '.bin', 'livekit-switchboard');
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const dev = startChild({
    command: process.execPath,
    args: [shim, 'dev'],
    cwd: folder,
    // A LiveKit of its own would be started where there is one.
    env: { ...env, PORT: '0', LIVEKIT_URL: 'ws://127.0.0.1:9' },
  });
  const auth = await startSignUp();
  try {
    const [, url = ''] = await dev.says(DEV_SAYS_LISTENING);
    // As in a host that has its project in the environment.
    const tests = { ...env, CI: 'true', FIREBASE_PROJECT_ID: PROJECT_ID };
    await passes(folder, ['node_modules/jest/bin/jest.js'], named('.jest.js'), tests);
    await passes(folder, ['node_modules/vitest/vitest.mjs', 'run'], named('.test.mjs'), {
      ...tests,
      FIREBASE_AUTH_EMULATOR_HOST: auth.host,
      DEV_URL: url,
    });
  } finally {
    await dev.stop();
    await auth.close();
  }
}

async function passes(
  cwd: string,
  args: readonly string[],
  files: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const child = startChild({ command: process.execPath, args, cwd, env });
  const isOver = Promise.withResolvers<boolean>();
  child.process.once('close', () => isOver.resolve(true));
  const timer = setTimeout(() => isOver.resolve(false), ENDS_WITHIN_MS);
  const ended = await isOver.promise;
  clearTimeout(timer);
  await child.stop();
  const said = child.output();
  assert.ok(ended, `${args[0]} does not end:\n${said}`);
  assert.equal(child.process.exitCode, 0, said);
  assert.doesNotMatch(said, /did not exit|close timed out/, said);
  for (const file of files) assert.ok(said.includes(file), `${file} was not run:\n${said}`);
}

/** Stands for the Auth emulator where somebody signs up: its ID tokens are unsigned. */
async function startSignUp(): Promise<{ host: string; close(): Promise<void> }> {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const server = createServer((request, response) => {
    request.resume();
    const localId = 'somebody-new';
    const project = 'demo-app';
    const claims = {
      iss: `https://securetoken.google.com/${project}`,
      aud: project,
      sub: localId,
      user_id: localId,
      ...timesAt(Date.now()),
      firebase: { identities: {}, sign_in_provider: 'password' },
    };
    const idToken = `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`;
    const isSignUp = request.url?.includes('/v1/accounts:signUp?') === true;
    response.writeHead(isSignUp ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ localId, idToken }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
