// What readiness says of Google's keys, through an outage that lasts for days.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Switchboard } from '../../src/compose/house.ts';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { compose } from '../../src/switchboard.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { createFakeLog } from '../fakes/log.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { setStage } from '../stage.ts';

const HOUR = 3_600_000;
const ID_TOKENS = "Google's public keys of ID tokens";
const APP_CHECK = "Google's public keys of App Check";

let clock: FakeClock;
let keys: KeyEndpoint;
let appCheckKeys: KeyEndpoint;
let switchboard: Switchboard;
beforeEach(async () => {
  clock = createFakeClock();
  [keys, appCheckKeys] = await Promise.all([startKeyEndpoint(), startKeyEndpoint()]);
});
afterEach(async () => {
  await switchboard.stop();
  await Promise.all([keys.close(), appCheckKeys.close()]);
});

const make = (options: SwitchboardOptions = {}): void => {
  const all: SwitchboardOptions = {
    firebaseProjectId: 'demo-switchboard',
    firebaseKeysUrl: keys.url,
    appCheckKeysUrl: appCheckKeys.url,
    livekitApiKey: 'key',
    livekitApiSecret: 'secret',
    logger: createFakeLog(),
    ...options,
  };
  switchboard = compose(all, clock).switchboard;
};
const missing = () => switchboard.readiness().missing;

describe('readiness', () => {
  it('names keys that were never fetched yet, until they are', async () => {
    make({ appCheck: 'enforce' });
    keys.answerWith('refuse');
    await switchboard.start();
    expect(switchboard.readiness()).toEqual({
      ready: false,
      missing: [`${ID_TOKENS} (never fetched yet)`],
    });
    keys.answerWith('keys');
    clock.advance(1_000);
    await expect.poll(missing).toEqual([]);
    expect(switchboard.readiness().ready).toBe(true);
  });

  it('names keys that were fetched too long ago to be used, and says how long ago', async () => {
    keys.sendHeaders({ 'cache-control': 'max-age=86400' });
    appCheckKeys.sendHeaders({ 'cache-control': 'max-age=3600' });
    make({ appCheck: 'enforce' });
    await switchboard.start();
    keys.answerWith('refuse');
    appCheckKeys.answerWith('refuse');
    clock.advance(25 * HOUR - 1);
    expect(missing()).toEqual([]);
    clock.advance(1);
    expect(missing()).toEqual([`${APP_CHECK} (last fetched 25 h ago)`]);
    clock.advance(23 * HOUR - 1);
    expect(missing()).toEqual([`${APP_CHECK} (last fetched 47 h ago)`]);
    clock.advance(1);
    expect(missing()).toEqual([
      `${ID_TOKENS} (last fetched 48 h ago)`,
      `${APP_CHECK} (last fetched 48 h ago)`,
    ]);
    clock.advance(HOUR);
    expect(missing()[0]).toBe(`${ID_TOKENS} (last fetched 49 h ago)`);
  });

  it('does not wait for keys that refuse nobody', async () => {
    appCheckKeys.answerWith('refuse');
    make({ appCheck: 'monitor' });
    await switchboard.start();
    expect(missing()).toEqual([]);
  });

  it('is back with the keys', async () => {
    make();
    await switchboard.start();
    keys.answerWith('refuse');
    clock.advance(49 * HOUR);
    expect(switchboard.readiness().ready).toBe(false);
    keys.answerWith('keys');
    await expect
      .poll(() => {
        clock.advance(clock.waiting()[0] ?? 0);
        return missing();
      })
      .toEqual([]);
  });
});

describe('GET /readyz', () => {
  it('says the same as the token endpoint, 49 hours into an outage', async () => {
    const stage = await setStage(MOUNTS[0] as Mount);
    switchboard = stage.switchboard;
    const readyz = async () => {
      const response = await fetch(new URL('/readyz', stage.tokenUrl));
      return [response.status, ((await response.json()) as { error?: string }).error];
    };
    expect((await stage.ask()).status).toBe(200);
    expect(await readyz()).toEqual([200, undefined]);
    stage.keys.answerWith('refuse');
    stage.clock.advance(49 * HOUR);
    expect((await stage.ask()).body.code).toBe('identity_unavailable');
    expect(await readyz()).toEqual([503, `Not ready: ${ID_TOKENS} (last fetched 49 h ago).`]);
    await stage.close();
  });
});
