// The types of the package, as the compilers and settings see them that hosts have.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';

interface Project {
  readonly host: string;
  readonly file?: string;
  /** The name by which test/package/typescript-commonjs installs it. */
  readonly compiler: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const nodenext = { module: 'nodenext' };
const node16 = { module: 'node16', moduleResolution: 'node16' };
const commonjs = { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true };

const PROJECTS: readonly Project[] = [
  { host: 'typescript-commonjs', compiler: 'typescript', options: nodenext },
  { host: 'typescript-module', compiler: 'typescript', options: nodenext },
  { host: 'typescript-commonjs', compiler: 'typescript-5.9', options: nodenext },
  { host: 'typescript-module', compiler: 'typescript-5.9', options: nodenext },
  // Before 5.8 `nodenext` too lets no CommonJS module require() an ES module.
  { host: 'typescript-commonjs', compiler: 'typescript-5.6', options: nodenext },
  { host: 'typescript-commonjs', compiler: 'typescript-5.6', options: node16 },
  { host: 'typescript-commonjs', compiler: 'typescript-5.6', options: commonjs },
  {
    host: 'typescript-commonjs',
    compiler: 'typescript-6',
    options: { ...commonjs, moduleResolution: 'bundler' },
  },
  // The declarations of Node itself are none that TypeScript 5.4 takes.
  {
    host: 'typescript-commonjs',
    compiler: 'typescript-5.4',
    options: { ...node16, skipLibCheck: true },
  },
  { host: 'firebase-12', file: 'types.ts', compiler: 'typescript', options: nodenext },
  { host: 'firebase-14', file: 'types.ts', compiler: 'typescript', options: nodenext },
];

/** @throws Error with what a compiler says where one does not accept a host. */
export async function checkTypes(folderOf: (host: string) => string): Promise<void> {
  // Two at once: a compiler takes a whole core and 300 MB.
  const waiting = PROJECTS.entries();
  const work = async () => {
    for (const [number, project] of waiting) await compile(folderOf, project, number);
  };
  await Promise.all([work(), work()]);
}

async function compile(
  folderOf: (host: string) => string,
  { host, file = 'app.ts', compiler, options }: Project,
  number: number,
): Promise<void> {
  const folder = folderOf(host);
  const package_ = join(folderOf('typescript-commonjs'), 'node_modules', compiler);
  const { bin } = JSON.parse(readFileSync(join(package_, 'package.json'), 'utf8'));
  const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true };
  const compilerOptions = { target: 'es2022', types: ['node'], ...strict, ...options };
  const tsconfig = `tsconfig.${number}.json`;
  writeFileSync(join(folder, tsconfig), JSON.stringify({ compilerOptions, include: [file] }));
  await run(process.execPath, [join(package_, bin.tsc), '-p', tsconfig], { cwd: folder }).catch(
    (error: Error) => {
      throw new Error(`${compiler}, ${JSON.stringify(options)}: ${error.message}`);
    },
  );
}
