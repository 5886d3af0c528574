// What of the log is there when a process has ended, in whatever way, and whatever its output is.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';

const SRC = new URL('../src/', import.meta.url);
const LOG = `
  import { createJsonLogger } from '${new URL('base/log.ts', SRC)}';
  const log = createJsonLogger('info');`;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function run(source: string, stdout: 'pipe' | number = 'pipe') {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['pipe', stdout, 'pipe'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended };
}

async function outcomeOf(source: string) {
  const { child, ended } = run(source);
  const [out, err] = await Promise.all([
    text(child.stdout as NonNullable<ChildProcess['stdout']>),
    text(child.stderr as NonNullable<ChildProcess['stderr']>),
  ]);
  return { code: await ended, messages: messagesOf(out), err };
}

const linesOf = (out: string): { msg: string; n: number; lines?: number }[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const messagesOf = (out: string): string[] => linesOf(out).map(({ msg }) => msg);

describe('the log is all there when a process ends', () => {
  it('as a host that throws right after createSwitchboard', async () => {
    const { code, messages, err } = await outcomeOf(`
      import { createSwitchboard } from '${new URL('index.ts', SRC)}';
      createSwitchboard({ firebaseProjectId: 'demo-p', livekitUrl: 'wss://x.example', roomAccess: 'any' });
      throw new Error('a fault of the host');`);
    expect({ code, messages }).toEqual({
      code: 1,
      messages: [expect.stringMatching(/^LiveKit server keys are not configured: /)],
    });
    expect(err).toContain('a fault of the host');
  });

  it.each([
    ['by process.exit', 'process.exit(3);', 3],
    ['by an error that nobody caught', "throw new Error('x');", 1],
    ['by a rejection that nobody caught', "Promise.reject(new Error('x'));", 1],
    ['because nothing is left to do', '', 0],
    ['with a line for the end', "process.on('exit', () => log.info({}, 'the end'));", 0],
  ])('%s', async (_how, end, expected) => {
    const { code, messages } = await outcomeOf(`${LOG} log.info({}, 'first'); ${end}`);
    expect(code).toBe(expected);
    expect(messages).toEqual(end.includes('the end') ? ['first', 'the end'] : ['first']);
  });

  it('by a signal that nobody listens to, from warnings on', async () => {
    const { messages } = await outcomeOf(`${LOG}
      log.info({}, 'first'); log.warn({}, 'second'); process.kill(process.pid, 'SIGKILL');`);
    expect(messages).toEqual(['first', 'second']);
  });

  it('in a worker thread', async () => {
    const worker = `${LOG} log.info({}, 'of a worker'); process.exit();`;
    const { code, messages } = await outcomeOf(`
      import { Worker } from 'node:worker_threads';
      new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})));`);
    expect({ code, messages }).toEqual({ code: 0, messages: ['of a worker'] });
  });
});

/** Logs until it is told to end, and says on standard error that it is still there. */
const TALKATIVE = `${LOG}
  const name = 'x'.repeat(200);
  let n = 0;
  const talk = (count) => {
    for (const until = n + count; n < until; n += 1) {
      if (n % 500 === 499) log.warn({ n, name }, 'look');
      else log.info({ n, name }, 'answered');
    }
    process.stderr.write('talked');
  };
  process.stdin.on('data', (text) => talk(Number(text))).on('end', () => process.exit(0));`;

function startTalking(stdout: 'pipe' | number) {
  const { child, ended } = run(TALKATIVE, stdout);
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const talk = async (lines: number) => {
    const before = errors.length;
    child.stdin?.write(String(lines));
    const talked = expect
      .poll(() => errors.slice(before), { interval: 1, timeout: 5_000 })
      .toContain('talked');
    const early = ended.then((code) => {
      throw new Error(`it ended with ${code}: ${errors}`);
    });
    await Promise.race([talked, early]);
    early.catch(() => {});
  };
  const end = async () => {
    child.stdin?.end();
    return { code: await ended, errors: errors.replaceAll('talked', '') };
  };
  return { child, talk, end };
}

/** A pipe of which both ends are in hand: a child's standard output is a socket otherwise. */
function createPipe() {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-log-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  const chunk = Buffer.alloc(4_096);
  let isReaderOpen = true;
  const closeReader = () => {
    if (isReaderOpen) closeSync(reader);
    isReaderOpen = false;
  };
  cleanups.push(closeReader);
  return {
    writer,
    closeReader,
    /** What is in it, a little at a time; undefined where that is nothing. */
    read(): string | undefined {
      try {
        const bytes = readSync(reader, chunk);
        return bytes === 0 ? undefined : chunk.toString('latin1', 0, bytes);
      } catch {
        return undefined;
      }
    },
  };
}

describe.skipIf(process.platform === 'win32')('a process logs on', () => {
  it('while nobody reads, and loses nothing when somebody does', async () => {
    const pipe = createPipe();
    const { talk, end } = startTalking(pipe.writer);
    closeSync(pipe.writer);
    await talk(3_000);
    let out = '';
    const ended = end();
    await expect
      .poll(
        () => {
          out += pipe.read() ?? '';
          return out.includes('"n":2999');
        },
        { interval: 0, timeout: 5_000 },
      )
      .toBe(true);
    for (let rest = pipe.read(); rest !== undefined; rest = pipe.read()) out += rest;
    expect(await ended).toEqual({ code: 0, errors: '' });
    expect(linesOf(out).map(({ n }) => n)).toEqual([...Array(3_000).keys()]);
  });

  it('while nobody reads at all, and ends all the same', async () => {
    const pipe = createPipe();
    const { talk, end } = startTalking(pipe.writer);
    closeSync(pipe.writer);
    await talk(100_000);
    expect(await end()).toEqual({ code: 0, errors: '' });
  });

  it('when the reader of its pipe is gone', async () => {
    const pipe = createPipe();
    const { talk, end } = startTalking(pipe.writer);
    closeSync(pipe.writer);
    await talk(100);
    pipe.closeReader();
    await talk(1_000);
    expect(await end()).toEqual({ code: 0, errors: '' });
  });

  it('when whoever started it has closed its output', async () => {
    const { child, talk, end } = startTalking('pipe');
    await talk(100);
    child.stdout?.destroy();
    await talk(1_000);
    expect(await end()).toEqual({ code: 0, errors: '' });
  });

  it.skipIf(!existsSync('/dev/full'))('when the disk is full', async () => {
    const full = openSync('/dev/full', 'w');
    const { talk, end } = startTalking(full);
    closeSync(full);
    await talk(1_000);
    await talk(1_000);
    expect(await end()).toEqual({ code: 0, errors: '' });
  });
});
