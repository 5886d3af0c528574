#!/usr/bin/env node
import notBuilt from './not-built.cjs';

try {
  await import('../dist/cli.js');
} catch (error) {
  const { href } = new URL('../dist/cli.js', import.meta.url);
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== href) throw error;
  process.stderr.write(`${notBuilt}\n`);
  process.exitCode = 1;
}
