// The hosts of docs/hosts.md, each as the page has it, asked as an app does and ended as a platform does.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Child, startChild } from '../test/e2e/child.ts';
import { PROJECT_ID, signIdToken } from '../test/fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../test/fakes/key-endpoint.ts';
import { writeFilesOf } from './package-pages.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'hosts.md');
const LISTENING = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
const STOPS_WITHIN_MS = 10_000;
const TOKEN_PATH = '/api/calls/livekit-token';
const FUNCTIONS = ['node_modules/@google-cloud/functions-framework/build/src/main.js'];

interface Host {
  readonly args: readonly string[];
  readonly path: string;
  /** What answers `/hello`: the host, or us where the whole function is one endpoint. */
  readonly hello: { readonly status: number; readonly text: RegExp };
}

const THEIRS = { status: 200, text: /^hello$/ };
const OURS = { status: 405, text: /"code":"method_not_allowed"/ };
const at = (path: string, args: readonly string[], hello = THEIRS): Host => ({ args, path, hello });
const lambda = (name: string, stage: string) => ['gateway.js', './lambda.js', name, stage];

const HOSTS: readonly Host[] = [
  at('/token', ['express.js']),
  at(TOKEN_PATH, ['hono.js']),
  at('/token', ['hono-route.js']),
  at(TOKEN_PATH, ['koa.js']),
  at(TOKEN_PATH, ['fastify.js']),
  at(TOKEN_PATH, ['nest.js']),
  at('/', [...FUNCTIONS, '--target=token'], OURS),
  at(TOKEN_PATH, [...FUNCTIONS, '--target=api']),
  at(TOKEN_PATH, ['cloud-run.js']),
  at(TOKEN_PATH, lambda('handler', '$default')),
  at(TOKEN_PATH, lambda('token', 'prod'), OURS),
];
/** Served by other files, or no server at all. */
const SHARED = ['switchboard.js', 'functions.js', 'lambda.js'];

/** @throws Error of the first host that does not do what the page promises, with its output. */
export async function tryFrameworks(folder: string): Promise<void> {
  const files = writeFilesOf(PAGE, folder).filter((name) => !SHARED.includes(name));
  const tried = new Set(HOSTS.map(({ args }) => args[0]));
  assert.deepEqual(
    files.filter((name) => !tried.has(name)),
    [],
    'files of docs/hosts.md that nobody runs',
  );
  const keys = await startKeyEndpoint();
  try {
    await deploys(folder);
    for (const host of HOSTS) {
      await running(folder, host.args, environment(keys), (origin) => ask(origin, host));
    }
  } finally {
    await keys.close();
  }
}

const environment = (keys: KeyEndpoint) => ({
  NODE_ENV: 'production',
  FIREBASE_PROJECT_ID: PROJECT_ID,
  GCLOUD_PROJECT: PROJECT_ID,
  FIREBASE_KEYS_URL: keys.url,
  LIVEKIT_API_KEY: 'key',
  LIVEKIT_API_SECRET: 'a-secret-of-at-least-32-characters',
  FUNCTION_SIGNATURE_TYPE: 'http',
});

/** `firebase deploy` loads the functions in a process that has no secrets, and asks what there is. */
async function deploys(folder: string): Promise<void> {
  const loader = ['node_modules/firebase-functions/lib/bin/firebase-functions.js', folder];
  const env = { FUNCTIONS_CONTROL_API: 'true', GCLOUD_PROJECT: PROJECT_ID };
  await running(folder, loader, env, async (origin, child) => {
    const response = await fetch(`${origin}/__/functions.yaml`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.deepEqual(Object.keys(JSON.parse(text).endpoints).sort(), ['api', 'token']);
    const ended = once(child);
    await fetch(`${origin}/__/quitquitquit`);
    await ended;
  });
}

const once = (child: Child) =>
  new Promise<void>((resolve) => child.process.once('exit', () => resolve()));

async function running(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  use: (origin: string, child: Child) => Promise<void>,
): Promise<void> {
  const child = startChild({
    command: process.execPath,
    args: ['--require', './loopback.cjs', ...args],
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '8080', ...env },
  });
  try {
    const [, port] = await child.says(LISTENING);
    await use(`http://127.0.0.1:${port}`, child);
    await child.stop(STOPS_WITHIN_MS);
    const { exitCode, signalCode } = child.process;
    assert.deepEqual({ exitCode, signalCode }, { exitCode: 0, signalCode: null }, 'its end');
  } catch (error) {
    const said = child.output().slice(-2000);
    throw new Error(`${args.join(' ')}: ${(error as Error).message}\nIts output:\n${said}`);
  } finally {
    await child.stop();
  }
}

async function ask(origin: string, { path, hello }: Host): Promise<void> {
  const answer = async (headers: Record<string, string>) => {
    const response = await fetch(origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ roomName: 'alice-and-bob', participantIdentity: 'alice' }),
      signal: AbortSignal.timeout(STOPS_WITHIN_MS),
    });
    const { code, token } = (await response.json()) as { code?: string; token?: string };
    return { status: response.status, code, parts: token?.split('.').length };
  };
  const missing = { status: 401, code: 'id_token_missing', parts: undefined };
  assert.deepEqual(await answer({}), missing);
  const authorization = `Bearer ${signIdToken()}`;
  assert.deepEqual(await answer({ authorization }), { status: 200, code: undefined, parts: 3 });
  const response = await fetch(`${origin}/hello`);
  assert.equal(response.status, hello.status);
  assert.match(await response.text(), hello.text);
}
