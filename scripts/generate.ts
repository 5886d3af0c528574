// npm run generate: writes what is made from the code. With --check it writes nothing, and fails
// where a file is not what it would have written.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startServer } from '../src/server.ts';
import { loadConfig } from '../src/settings/config.ts';
import { isOption, isVariable } from '../src/settings/setting.ts';
import { ROWS, VARIABLES } from '../src/settings/table.ts';
import { run } from './commands.ts';

const ROOT = join(import.meta.dirname, '..');

function envExample(): string {
  const blocks = VARIABLES.map(({ variable, meaning, default: standard, required, secret }) => {
    return [
      `# ${meaning}.${required ? ' Required.' : ''}`,
      ...(secret ? [`# A secret: ${variable}_FILE may name a file that holds it instead.`] : []),
      standard === undefined ? `${variable}=` : `# ${variable}=${standard}`,
    ].join('\n');
  });
  const head = `# Every setting of the standalone server. An empty value is an unset one.
# Copied to .env, this is read by every command but dev in that folder; the environment goes before it.
# Made by npm run generate from src/settings/table.ts.`;
  return `${[head, ...blocks].join('\n\n')}\n`;
}

function configurationTable(): string {
  const rows = VARIABLES.map(({ variable, meaning, default: standard, required, secret }) => {
    const value = standard === undefined ? 'unset' : `\`${standard}\``;
    return [
      `${secret ? '● ' : ''}\`${variable}\``,
      meaning.replaceAll('|', '\\|'),
      required ? '**required**' : value,
    ];
  });
  return alignedTable([['variable', 'meaning', 'default'], ...rows]);
}

function optionsTable(): string {
  const rows = [...ROWS].flatMap(([name, row]) => {
    if (!isOption(row)) return [];
    const { meaning, default: standard, kind } = row;
    const isText = /^'|^string$/.test(kind.type);
    const value = kind.type === 'boolean' ? 'false' : isText ? `'${standard}'` : `${standard}`;
    return [
      [
        `\`${name}\``,
        `\`${kind.type.replaceAll('|', '\\|')}\``,
        inOptions(meaning).replaceAll('|', '\\|'),
        standard === undefined ? 'unset' : `\`${value}\``,
        row.variable === undefined ? '' : `\`${row.variable}\``,
      ],
    ];
  });
  return alignedTable([['option', 'type', 'meaning', 'default', 'variable'], ...rows]);
}

/** The words for variables in those of options. FCM is a service's name as well, and stays. */
const inOptions = (meaning: string): string =>
  [...ROWS]
    .filter(([, row]) => isVariable(row) && isOption(row) && row.variable !== 'FCM')
    .reduce((text, [name, { variable = '' }]) => text.replaceAll(variable, name), meaning)
    .replaceAll('`on`', '`true`')
    .replace(/[;,] separated by commas/, '')
    .replace('the service account', '`firebaseApp`');

/** As formatters align it, so that none wants it otherwise. */
function alignedTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => [...(row[column] ?? '')].length)),
  );
  const rule = widths.map((width) => '-'.repeat(width));
  return [head, rule, ...rows]
    .map((row) => {
      const cells = row.map((cell, column) => {
        const missing = (widths[column] ?? 0) - [...cell].length;
        return cell + ' '.repeat(missing);
      });
      return `| ${cells.join(' | ')} |`;
    })
    .join('\n');
}

/** The text with the table between its marks. */
function withTable(path: string, mark: string, table: string): string {
  const text = read(path);
  const [first, last] = [`<!-- ${mark}:start -->`, `<!-- ${mark}:end -->`];
  const start = text.indexOf(first);
  const end = text.indexOf(last);
  if (start < 0 || end < start) {
    throw new Error(`${path} must hold ${first} and, below it, ${last}`);
  }
  return `${text.slice(0, start + first.length)}\n${table}\n${text.slice(end)}`;
}

const read = (path: string): string =>
  existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '';

/** As the server itself tells it, with every route that a setting brings. */
async function openApiDocument(): Promise<string> {
  const config = loadConfig({
    FIREBASE_PROJECT_ID: 'demo-switchboard',
    // Nobody is asked for keys: nothing listens there.
    FIREBASE_KEYS_URL: 'http://127.0.0.1:9/keys',
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: 'secret',
    LIVEKIT_URL: 'ws://127.0.0.1:9',
    DATABASE_URL: 'sqlite::memory:',
    METRICS_TOKEN: 'token',
    HOST: '127.0.0.1',
    PORT: '0',
    DRAIN_SECONDS: '0',
  });
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const server = await startServer(config, { log });
  try {
    const response = await fetch(`${server.url}/openapi.json`);
    if (!response.ok) throw new Error(`/openapi.json answers ${response.status}`);
    return JSON.stringify(await response.json());
  } finally {
    await server.stop();
  }
}

/** So that the linter and this script never want two different things. */
const formatted = (path: string, text: string): Promise<string> =>
  run(join(ROOT, 'node_modules', '.bin', 'biome'), ['format', `--stdin-file-path=${path}`], {
    cwd: ROOT,
    input: text,
  });

async function main(checkOnly: boolean): Promise<number> {
  const made = {
    '.env.example': envExample(),
    'README.md': withTable('README.md', 'config', configurationTable()),
    'docs/options.md': withTable('docs/options.md', 'options', optionsTable()),
    'docs/openapi.json': await formatted('docs/openapi.json', await openApiDocument()),
  };
  const stale = Object.entries(made).filter(([path, text]) => read(path) !== text);
  for (const [path, text] of stale) {
    if (checkOnly) {
      console.error(`${path} is not what the code says: run npm run generate`);
      continue;
    }
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    console.log(`Written: ${path}`);
  }
  if (stale.length === 0) console.log(`Up to date: ${Object.keys(made).join(', ')}`);
  return checkOnly && stale.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.includes('--check'));
