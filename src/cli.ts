#!/usr/bin/env node
// livekit-switchboard serve | dev | doctor | migrate | erase | webhooks
import { parseArgs } from 'node:util';
import { runToTheEnd } from './base/ending.ts';
import { createJsonLogger } from './base/log.ts';
import { useOutgoingProxy } from './base/outgoing-proxy.ts';
import { checkNode, OldNodeError, VERSION } from './base/version.ts';
import type { RunningServer } from './server.ts';
import { ConfigError, loadConfig } from './settings/config.ts';
import { ENV_FILE, readEnvFile } from './settings/env-file.ts';

const USAGE = `livekit-switchboard ${VERSION}

  livekit-switchboard serve    the server; configured by environment variables
  livekit-switchboard dev      a server to try things with: no account, no network
  livekit-switchboard doctor   checks what serve depends on, and names the fix; --json
  livekit-switchboard migrate  makes the tables of calls in DATABASE_URL; --print: shows the SQL,
                               --from 1: only what schema 1 lacks
  livekit-switchboard erase <uid>
                               forgets a person, and leaves the calls that they are in
  livekit-switchboard webhooks redeliver
                               sends your backend again what it could not be told in time

  --help, --version
`;

interface Given {
  readonly json: boolean;
  readonly print: boolean;
  readonly from?: string | undefined;
  /** What stands behind the command. */
  readonly rest: readonly string[];
}

const COMMANDS: Readonly<Record<string, (given: Given) => Promise<void>>> = {
  serve,
  migrate,
  erase: ({ rest: [uid = ''] }) =>
    onDatabase(async (env) => (await import('./compose/erase.ts')).erase(env, uid)),
  webhooks: () =>
    onDatabase(async (env) => (await import('./compose/redeliver.ts')).redeliver(env)),
  // Loaded only here, so that nothing of it is within reach of `serve`.
  dev: async () => (await import('./dev/dev.ts')).dev(process.env),
  async doctor({ json }) {
    const { doctor } = await import('./doctor/doctor.ts');
    takeEnvFile();
    const advice = outgoingProxy();
    if (advice !== undefined) process.stderr.write(`${advice}\n`);
    const out = openOutput();
    const isGood = await doctor(process.env, { json, out });
    if (!isGood) process.exitCode = 1;
    // After all that was written, and a word on what could not be. What hangs is not waited for.
    out.write('', () => setImmediate(() => process.exit()));
  },
};

/** From the signal to the end; the server's own stop takes less. */
const END_WITHIN_MS = 10_000;

async function serve(): Promise<void> {
  const fromFile = takeEnvFile();
  const config = loadConfig(process.env);
  const log = createJsonLogger(config.logLevel);
  if (fromFile.length > 0) log.info({ variables: fromFile }, `variables from ${ENV_FILE}`);
  const advice = outgoingProxy();
  if (advice !== undefined) log.warn({}, advice);
  let server: Promise<RunningServer> | undefined;
  const program = {
    start() {
      // Loaded when signals are heard already. Until then one is lost in a container, whose first
      // process ignores what it does not listen to.
      server = import('./server.ts').then(({ startServer }) => startServer(config, { log }));
      return server;
    },
    stop: async () => (await server)?.stop(),
  };
  await runToTheEnd(program, { log, withinMs: END_WITHIN_MS });
}

async function migrate({ print, from }: Given): Promise<void> {
  const commands = await import('./compose/migrate.ts');
  if (!print) return onDatabase(commands.migrate);
  takeEnvFile();
  openOutput().write(commands.printMigration(process.env, from));
}

/** Says what it did, and where: a file `.env` may have named another database than was meant. */
async function onDatabase(command: (env: NodeJS.ProcessEnv) => Promise<string>): Promise<void> {
  takeEnvFile();
  const said = await command(process.env);
  const { shownDatabase } = await import('./compose/database-command.ts');
  openOutput().write(`${said}\nDatabase: ${shownDatabase(process.env)}\n`);
}

/** Names of the variables that are now as the file says: those which the environment had not. */
function takeEnvFile(): string[] {
  let file: NodeJS.Dict<string>;
  try {
    file = readEnvFile(process.cwd()) ?? {};
  } catch (error) {
    throw new ConfigError([(error as Error).message]);
  }
  const taken = Object.entries(file).filter(([name]) => process.env[name] === undefined);
  for (const [name, value] of taken) process.env[name] = value;
  return taken.filter(([, value]) => value !== '').map(([name]) => name);
}

/** Before anything is asked of anybody. */
function outgoingProxy(): string | undefined {
  try {
    return useOutgoingProxy(process.env);
  } catch (error) {
    throw new ConfigError([(error as Error).message]);
  }
}

/** For what a person reads; `serve` has its log. A reader that has seen enough (`| head`) is no fault. */
function openOutput(): NodeJS.WriteStream {
  const tell = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`Standard output could not be written: ${error.message}\n`);
    process.exitCode = 1;
  };
  // Every write that fails tells of it.
  return process.stdout.once('error', tell).on('error', () => {});
}

/** What a person can do about it, without a stack; anything else is a bug and keeps its own. */
function explain(error: unknown): string {
  const { code, port, address, syscall } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
  };
  if (error instanceof ConfigError || error instanceof OldNodeError) return error.message;
  if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there, or set PORT.`;
  if (code === 'EACCES') return `Port ${port} is not allowed: set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return `HOST ${address} is no address of this machine.`;
  if (syscall === 'getaddrinfo') return `HOST is a name that leads to no address (${code}).`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
      json: { type: 'boolean', default: false },
      print: { type: 'boolean', default: false },
      from: { type: 'string' },
    },
  });
  const [name = '', ...rest] = positionals;
  if (values.version) openOutput().write(`${VERSION}\n`);
  else if (values.help) openOutput().write(USAGE);
  else {
    const given = { ...values, rest };
    const fault = faultOf(name, given);
    if (fault !== undefined) throw new UsageError(fault);
    await COMMANDS[name]?.(given);
  }
}

function faultOf(name: string, { rest, json, print, from }: Given): string | undefined {
  if (name === '') return 'A command is missing.';
  if (!Object.hasOwn(COMMANDS, name)) return `There is no command ${quoted(name)}.`;
  const behind = faultBehind(name, rest);
  if (behind !== undefined) return behind;
  if (json && name !== 'doctor') return `${name} has no --json: only doctor has.`;
  if (print && name !== 'migrate') return `${name} has no --print: only migrate has.`;
  if (from !== undefined && !print) return '--from belongs to migrate --print.';
  return undefined;
}

function faultBehind(name: string, rest: readonly string[]): string | undefined {
  const [first, ...more] = rest;
  switch (name) {
    case 'erase':
      if (first === undefined) return 'erase takes the uid of whom to forget.';
      return more.length > 0
        ? `erase takes one uid, and not ${more.map(quoted).join(' ')} too.`
        : undefined;
    case 'webhooks':
      return first === 'redeliver' && more.length === 0
        ? undefined
        : 'webhooks takes redeliver behind it, and nothing else.';
    default:
      return rest.length > 0
        ? `${name} takes nothing behind it: ${rest.map(quoted).join(' ')}.`
        : undefined;
  }
}

/** As a terminal can show it. */
const quoted = (text: string): string => `"${text.replace(/\p{Cc}/gu, '?')}"`;

class UsageError extends Error {}

try {
  checkNode();
  await main();
} catch (error) {
  const usage =
    error instanceof UsageError ||
    String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
  // Node has more to say of an option, and nothing that helps.
  const [fault = ''] = (error as Error).message?.split('. ', 1) ?? [];
  const text = usage ? `${fault.replace(/\.?$/, '.')}\n\n${USAGE}` : explain(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = usage ? 2 : 1;
}
