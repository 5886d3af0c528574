// A server that hands out tokens alone loads what rings no phone, and nothing that connects.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { APNS_KEYS, BUNDLE, PROJECT } from './stage.ts';

const SRC = join(import.meta.dirname, '..', '..', '..', 'src');

const PROGRAM = `
  import { createApnsSender } from '${SRC}/ringing/apns/sender.ts';
  import { createFcmSender } from '${SRC}/ringing/fcm/sender.ts';
  import { systemClock as clock } from '${SRC}/base/clock.ts';
  const isLoaded = () => process.moduleLoadList.some((name) => name.includes('internal/http2/core'));
  const credential = { getAccessToken: async () => ({ access_token: 'x', expires_in: 60 }) };
  const app = { options: { projectId: '${PROJECT}', credential } };
  const log = { warn() {} };
  createApnsSender({ ...JSON.parse(process.env.KEYS), bundleId: '${BUNDLE}', clock, log });
  const fcm = createFcmSender({ app, clock, log, url: 'http://127.0.0.1:9' });
  const before = isLoaded();
  await fcm.start();
  console.log(JSON.stringify({ before, after: isLoaded() }));
`;

it('node:http2 is loaded with the first connection', async () => {
  const { key, keyId, teamId } = APNS_KEYS;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM],
    { env: { ...process.env, KEYS: JSON.stringify({ key, keyId, teamId }) } },
  );
  expect(JSON.parse(stdout)).toEqual({ before: false, after: true });
});
