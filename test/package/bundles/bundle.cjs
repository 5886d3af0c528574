// node bundle.cjs <folder>: what a host bundles, by each bundler. firebase-admin is not installed.
const { mkdirSync, writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const ncc = require('@vercel/ncc');
const { build } = require('esbuild');
const webpack = require('webpack');

const out = resolve(process.argv[2]);

const byEsbuild = (entry, format, more = {}) =>
  build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format,
    outfile: join(out, `esbuild.${format === 'esm' ? 'mjs' : 'cjs'}`),
    ...more,
  });

const byWebpack = () =>
  new Promise((done, failed) => {
    const output = { path: out, filename: 'webpack.cjs' };
    const options = { entry: resolve('app.cjs'), target: 'node', mode: 'none', output };
    webpack(options, (error, stats) => {
      if (error || stats.hasErrors()) failed(error ?? new Error(stats.toString('errors-only')));
      else done();
    });
  });

async function byNcc() {
  const { code, assets } = await ncc(resolve('app.cjs'), { quiet: true });
  mkdirSync(join(out, 'ncc'), { recursive: true });
  writeFileSync(join(out, 'ncc', 'index.cjs'), code);
  for (const [name, { source }] of Object.entries(assets)) {
    writeFileSync(join(out, 'ncc', name), source);
  }
}

async function main() {
  await byEsbuild('app.cjs', 'cjs');
  // In an ES module there is no require(), which Express and others need for Node's own modules.
  const js = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  await byEsbuild('app.mjs', 'esm', { banner: { js }, minify: true });
  await byWebpack();
  await byNcc();
}

main();
