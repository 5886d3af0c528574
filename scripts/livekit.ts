// npm run livekit: builds the pinned LiveKit server through Go into the cache folder, where
// development mode and the tests find it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  cachedBinary,
  GO_VERSION,
  isExecutable,
  LIVEKIT_SERVER_VERSION,
} from '../src/dev/livekit-binary.ts';

const MODULE = `github.com/livekit/livekit-server/cmd/server@${LIVEKIT_SERVER_VERSION}`;
const LINES_KEPT = 20;
const NO_GO = `There is no Go on the PATH. One of these helps:
  - install Go ${GO_VERSION} or newer (https://go.dev/dl/) and run npm run livekit again
  - put a livekit-server on the PATH (https://docs.livekit.io/transport/self-hosting/local/)
  - set LIVEKIT_SERVER to the path of one`;

/** One line that is written anew where a person looks on; every line elsewhere. */
function showProgress(packages: number, line: string): void {
  if (!process.stderr.isTTY) {
    console.error(line);
    return;
  }
  const text = line.startsWith('go: ') ? line : `packages compiled: ${packages}, now ${line}`;
  process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
}

async function install(folder: string): Promise<{ status: number | null; last: string[] }> {
  const go = spawn('go', ['install', '-v', MODULE], {
    env: { ...process.env, GOBIN: folder },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  go.once('error', reject).once('close', resolve);
  const last: string[] = [];
  let packages = 0;
  createInterface({ input: go.stderr }).on('line', (line) => {
    if (!line.startsWith('go: ')) packages += 1;
    if (last.push(line) > LINES_KEPT) last.shift();
    showProgress(packages, line);
  });
  const status = await promise;
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  return { status, last };
}

async function main(): Promise<number> {
  const { folder, path } = cachedBinary(process.env);
  if (isExecutable(path)) {
    console.log(`Already there: ${path}`);
    return 0;
  }
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).error) {
    console.error(NO_GO);
    return 1;
  }
  console.log(`Building ${MODULE} (some minutes the first time) …`);
  mkdirSync(folder, { recursive: true });
  const { status, last } = await install(folder);
  if (status !== 0 || !isExecutable(path)) {
    if (process.stderr.isTTY) console.error(last.join('\n'));
    console.error(`go install ended with ${status}. It needs Go ${GO_VERSION} and the network.`);
    return 1;
  }
  console.log(`Built: ${path}\nnpm run dev starts it from now on.`);
  return 0;
}

process.exitCode = await main();
