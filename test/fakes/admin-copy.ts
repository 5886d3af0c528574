// Another copy of firebase-admin, as a host has one whose version is not ours: its own files, with
// the same dependencies but Firestore, which each copy brings along.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdminParts } from '../../src/base/firebase-admin.ts';

const OURS = join(import.meta.dirname, '..', '..', 'node_modules');
const COPIED = ['firebase-admin', '@google-cloud/firestore'];

export interface AdminCopy {
  part<P extends keyof AdminParts>(name: P): AdminParts[P];
  /** As a bundler would: no file of it can be found any more. */
  hide(): void;
  remove(): void;
}

export function copyFirebaseAdmin(): AdminCopy {
  const folder = mkdtempSync(join(tmpdir(), 'firebase-admin-copy-'));
  const theirs = join(folder, 'node_modules');
  mkdirSync(join(theirs, '@google-cloud'), { recursive: true });
  for (const name of [...readdirSync(OURS), ...inScope('@google-cloud')]) {
    if (name.startsWith('.') || name === '@google-cloud' || COPIED.includes(name)) continue;
    symlinkSync(join(OURS, name), join(theirs, name));
  }
  for (const name of COPIED) cpSync(join(OURS, name), join(theirs, name), { recursive: true });
  const require = createRequire(join(folder, 'host.js'));
  return {
    part: (name) => require(`firebase-admin/${name}`),
    hide() {
      for (const file of Object.keys(require.cache)) {
        if (file.startsWith(join(theirs, 'firebase-admin'))) delete require.cache[file];
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

const inScope = (scope: string): string[] =>
  readdirSync(join(OURS, scope)).map((name) => `${scope}/${name}`);
