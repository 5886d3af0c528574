// node bundle.js <folder>: the client as each bundler takes it, for a page and for a phone.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build as esbuild } from 'esbuild';
import Metro from 'metro';
import { build as vite } from 'vite';
import webpack from 'webpack';

const out = resolve(process.argv[2]);
mkdirSync(out, { recursive: true });

/** Alone and as small as it gets: what a page pays for it. */
const alone = () =>
  esbuild({
    stdin: { contents: `export * from 'livekit-switchboard/client';`, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    outfile: join(out, 'alone.mjs'),
  });

const byEsbuild = () =>
  esbuild({
    entryPoints: ['app.js'],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    outfile: join(out, 'esbuild.js'),
  });

const byVite = () =>
  vite({
    logLevel: 'error',
    build: {
      outDir: out,
      emptyOutDir: false,
      lib: { entry: 'app.js', formats: ['iife'], name: 'app', fileName: () => 'vite.js' },
    },
  });

const byWebpack = () =>
  new Promise((done, failed) => {
    const output = { path: out, filename: 'webpack.js' };
    const options = { entry: resolve('app.js'), target: 'web', mode: 'production', output };
    webpack(options, (error, stats) => {
      if (error || stats.hasErrors()) failed(error ?? new Error(stats.toString('errors-only')));
      else done();
    });
  });

/** Without exports as React Native before 0.79 has it, and with them. */
async function byMetro(knowsExports) {
  const config = await Metro.loadConfig(
    { resetCache: true, cwd: process.cwd() },
    {
      projectRoot: process.cwd(),
      reporter: { update: () => {} },
      maxWorkers: 1,
      cacheStores: [],
      resolver: {
        unstable_enablePackageExports: knowsExports,
        unstable_conditionNames: ['require', 'react-native'],
        sourceExts: ['js', 'jsx', 'json', 'ts', 'tsx', 'cjs'],
        useWatchman: false,
      },
    },
  );
  const name = knowsExports ? 'metro.js' : 'metro-without-exports.js';
  await Metro.runBuild(config, {
    ...{ entry: 'app.cjs', platform: 'ios', dev: false, minify: false },
    out: join(out, name),
  });
}

await alone();
await byEsbuild();
await byVite();
await byWebpack();
await byMetro(true);
await byMetro(false);
process.exit(0);
