// Ours as `serve` starts it, but for the addresses of FCM and APNs, which no setting names.
import { join } from 'node:path';
import type { ServerEnvironment } from './pushing.ts';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const { createJsonLogger } = await load<typeof import('../../src/base/log.ts')>('base/log.js');
const { systemClock: clock } =
  await load<typeof import('../../src/base/clock.ts')>('base/clock.js');
const { createApnsSender } =
  await load<typeof import('../../src/ringing/apns/sender.ts')>('ringing/apns/sender.js');
const { createFcmSender } =
  await load<typeof import('../../src/ringing/fcm/sender.ts')>('ringing/fcm/sender.js');
const { startServer } = await load<typeof import('../../src/server.ts')>('server.js');
const { loadConfig } =
  await load<typeof import('../../src/settings/config.ts')>('settings/config.js');

const {
  BENCH_FCM_URL,
  BENCH_APNS_URL,
  BENCH_APNS_KEY,
  BENCH_APNS_KEY_ID,
  BENCH_APNS_TEAM_ID,
  BENCH_APNS_BUNDLE_ID,
  ...environment
} = process.env as ServerEnvironment & NodeJS.ProcessEnv;
const config = loadConfig(environment);
const log = createJsonLogger(config.logLevel);
const { projectId } = config;
const credential = {
  getAccessToken: async () => ({ access_token: 'stand-in-access-token', expires_in: 3600 }),
};
const server = await startServer(config, {
  log,
  senders: [
    createFcmSender({
      app: { options: { projectId, credential } },
      ...{ clock, log, url: BENCH_FCM_URL, hasApns: true },
    }),
    createApnsSender({
      key: BENCH_APNS_KEY,
      keyId: BENCH_APNS_KEY_ID,
      teamId: BENCH_APNS_TEAM_ID,
      bundleId: BENCH_APNS_BUNDLE_ID,
      ...{ clock, log, hosts: { production: BENCH_APNS_URL, sandbox: BENCH_APNS_URL } },
    }),
  ],
});
process.once('SIGTERM', () => void server.stop().then(() => process.exit()));

async function load<Module>(file: string): Promise<Module> {
  return await import(join(DIST, file));
}
