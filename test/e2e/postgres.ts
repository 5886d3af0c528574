// A real Postgres of one's own: in a temporary folder, on a free port of loopback, gone at the end.
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { freeTcpPorts } from './ports.ts';

export interface Postgres {
  /** Of a superuser. */
  readonly url: string;
  readonly port: number;
  /** Of the newest process; its first is the one that all others are children of. */
  child(): Child;
  /** A database of its own. */
  database(name: string): Promise<string>;
  /** Ends it as a machine that goes down does, rows kept; `start` begins it again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

const DEBIAN = '/usr/lib/postgresql';

/** The newest of the Debian packages, or that of the PATH. */
function binary(name: string): string {
  const versions = existsSync(DEBIAN)
    ? readdirSync(DEBIAN)
        .map(Number)
        .sort((a, b) => b - a)
    : [];
  const path = versions
    .map((version) => join(DEBIAN, String(version), 'bin', name))
    .find(existsSync);
  return path ?? name;
}

/** Postgres refuses root: then it runs as the user that its package has made. */
function asUser(command: string, args: readonly string[]) {
  if (process.getuid?.() !== 0) return { command, args };
  const who = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--'];
  return { command: 'setpriv', args: [...who, command, ...args] };
}

function ownedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-postgres-'));
  if (process.getuid?.() === 0) {
    const idOf = (flag: string) =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chownSync(folder, idOf('-u'), idOf('-g'));
  }
  return folder;
}

/** `settings`: of postgresql.conf, beyond its defaults. */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<Postgres> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  const folder = ownedFolder();
  const data = join(folder, 'data');
  const [port] = (await freeTcpPorts(1)) as [number];
  const init = asUser(binary('initdb'), [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '-E',
    'UTF8',
  ]);
  execFileSync(init.command, init.args, { env, cwd: folder, stdio: 'pipe' });
  const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  let child: Child;

  const start = async () => {
    const options = Object.entries({
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: folder,
      ...settings,
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    child = startChild({
      ...asUser(binary('postgres'), ['-D', data, ...options]),
      env,
      cwd: folder,
    });
    await child.says(/ready to accept connections/);
  };
  const ended = (signal: NodeJS.Signals) => {
    child.process.kill(signal);
    return new Promise<void>((resolve) => {
      if (child.process.exitCode !== null || child.process.signalCode !== null) resolve();
      child.process.once('close', () => resolve());
    });
  };
  await start();
  return {
    url: url('postgres'),
    port,
    child: () => child,
    async database(name) {
      execFileSync(
        binary('createdb'),
        ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', name],
        { env },
      );
      return url(name);
    },
    // Without waiting for those who are connected.
    stop: () => ended('SIGINT'),
    start,
    async close() {
      // At once: writing all databases to the disk first can take a minute on a busy one.
      await ended('SIGQUIT');
      rmSync(folder, { recursive: true });
    },
  };
}
