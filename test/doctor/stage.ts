// The doctor as a test runs it: an environment in which all is well, and what was said of it, searched
// for secrets.
import { afterEach, expect, vi } from 'vitest';
import { type DoctorParts, doctor } from '../../src/doctor/doctor.ts';
import { startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { startLiveKit } from './fake-livekit.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, SECRETS, tracesIn } from './secrets.ts';

export interface Row {
  readonly name: string;
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly fix?: string;
  readonly ms: number;
}

/** Run after each test, the last first. */
export const cleanups: (() => unknown)[] = [];
let said = '';
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  const heard = said;
  said = '';
  expect(tracesIn(heard)).toEqual([]);
});
// Nothing here takes long; a machine that is busy with other tests may.
vi.setConfig({ testTimeout: 20_000 });

/** Somebody who listens to what is said. */
export function listener(hasColors?: () => boolean) {
  const heard = {
    text: '',
    write(text: string) {
      heard.text += text;
      said += text;
    },
    ...(hasColors && { hasColors }),
  };
  return heard;
}

/** An environment in which everything is well; `env` goes over it. */
export async function setUp() {
  const keys = await startKeyEndpoint();
  const livekit = await startLiveKit({ key: LIVEKIT_KEY, secret: LIVEKIT_SECRET });
  cleanups.push(keys.close, livekit.close);
  const { FIREBASE_SERVICE_ACCOUNT: _account, ...secrets } = SECRETS;
  const env = { ...secrets, FIREBASE_KEYS_URL: keys.url, LIVEKIT_URL: livekit.url };
  return { keys, livekit, env: env as Record<string, string> };
}

/** Runs all checks. */
export async function rowsOf(
  env: Record<string, string>,
  parts: Partial<DoctorParts> = {},
): Promise<Row[]> {
  const out = listener();
  const isGood = await doctor(env, { json: true, out, parts });
  const report: { ok: boolean; checks: Row[] } = JSON.parse(out.text);
  expect(report.ok).toBe(isGood);
  expect(report.ok).toBe(report.checks.every(({ result }) => result !== 'failed'));
  return report.checks;
}

/** Runs all checks and answers the row of this name. */
export async function rowOf(
  name: string,
  env: Record<string, string>,
  parts: Partial<DoctorParts> = {},
): Promise<Row> {
  const rows = await rowsOf(env, parts);
  return rows.find((check) => check.name === name) as Row;
}
