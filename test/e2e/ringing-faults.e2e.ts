// What goes wrong around a ring: a server that dies between the answer and the push, and providers
// that refuse, hang, hang up, or know a phone no more.
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type CallGround,
  type CallServer,
  ENGINES,
  eventually,
  phoneOf,
  serveReady,
  startGround,
} from './calls-stage.ts';
import { endings } from './endings.ts';
import { type PushProviders, startPushProviders } from './push-providers.ts';
import {
  allPushed,
  type Look,
  lookInto,
  type Platform,
  type Pocket,
  register,
} from './ringing-stage.ts';
import { until } from './until.ts';

const keep = endings();
let ground: CallGround;
let providers: PushProviders;
beforeAll(async () => {
  [ground, providers] = await Promise.all([startGround(keep), startPushProviders().then(keep)]);
});

const phone = (uid: string, server: CallServer) => keep(phoneOf(uid, server, { isDeaf: true }));

/** In which another server may take over what one has begun, and what a machine under load adds. */
const TAKEN_OVER_MS = 8_000;
const CALLS = 8;

describe.each(ENGINES)('two servers over one %s', (engine) => {
  it('push in place of each other: one is killed between its answer and its pushes', async () => {
    const database = await ground.database(engine);
    // Its providers take what comes and never answer.
    const own = keep(await startPushProviders());
    own.fcm.answerWith('hang');
    const [first, second] = await Promise.all([
      serveReady(ground, 'first', database, own.variables),
      serveReady(ground, 'second', database, providers.variables),
    ]);
    onTestFinished(() => Promise.all([first.stop(), second.stop()]).then(() => {}));
    const pockets: Pocket[] = [];
    // Which of the two takes a push is nobody's to say.
    await until('the first has some in its hands', async () => {
      const uids = Array.from({ length: CALLS }, (_, n) => `${engine}-${pockets.length + n}`);
      const owners = uids.map((uid) => register(phone(uid, second), 'android', providers));
      pockets.push(...(await Promise.all(owners)));
      const callers = uids.map((uid) => phone(`of-${uid}`, first));
      await Promise.all(
        uids.map((uid, n) => callers[n]?.calls.place({ callees: [uid], kind: 'audio' })),
      );
      return own.fcm.asked > 0;
    });
    await first.kill();
    await eventually(() => pockets.map(({ heard }) => heard()), TAKEN_OVER_MS).toEqual(
      pockets.map(() => ['ring']),
    );
  });
});

describe('a ring reaches phones', () => {
  let server: CallServer;
  let look: Look;
  let callees = 0;
  beforeAll(async () => {
    const database = await ground.database('Postgres');
    server = keep(await serveReady(ground, 'first', database, providers.variables));
    look = keep(await lookInto(database));
  });

  /** A callee with one phone, and somebody who calls him. */
  async function pocketOf(platform: Platform) {
    callees += 1;
    const uid = `callee-${callees}`;
    const caller = phone(`caller-${callees}`, server);
    const pocket = await register(phone(uid, server), platform, providers);
    return {
      pocket,
      caller,
      place: async () => (await caller.calls.place({ callees: [uid], kind: 'audio' })).call,
    };
  }

  it.each(['UNAVAILABLE', 'QUOTA_EXCEEDED', 'hang', 'cut', 'bad-gateway'] as const)(
    'once FCM takes pushes again (%s)',
    async (answer) => {
      const { fcm } = providers;
      const { pocket, place } = await pocketOf('android');
      const before = fcm.asked;
      fcm.answerWith(answer);
      const { id } = await place();
      await until('it was tried', () => fcm.asked > before);
      fcm.answerWith('right');
      await eventually(pocket.heard).toEqual(['ring']);
      await allPushed(look, id);
      expect(pocket.heard()).toEqual(['ring']);
    },
  );

  it('not before the time that a provider has named', async () => {
    const { fcm } = providers;
    const { pocket, place } = await pocketOf('android');
    const before = fcm.asked;
    fcm.answerWith({ fault: 'QUOTA_EXCEEDED', retryAfter: '2' });
    const placedAt = performance.now();
    await place();
    await until('it was tried', () => fcm.asked > before);
    expect(fcm.asked).toBe(before + 1);
    fcm.answerWith('right');
    await eventually(pocket.heard).toEqual(['ring']);
    expect(performance.now() - placedAt).toBeGreaterThanOrEqual(2_000);
    expect(fcm.asked).toBe(before + 2);
  });

  it('by a new connection, where APNs has said good-bye', async () => {
    const { apns } = providers;
    const { pocket, caller, place } = await pocketOf('ios');
    const first = await place();
    await eventually(pocket.heard).toEqual(['ring']);
    await caller.calls.leave(first.id);
    await eventually(pocket.heard).toEqual(['ring', 'stop_ring cancelled']);
    const { opened } = apns.server;
    apns.server.goAway();
    await until('it has gone', () => apns.server.open === 0);
    const { asked } = apns;
    await place();
    await eventually(pocket.heard).toEqual(['ring', 'stop_ring cancelled', 'ring']);
    expect([apns.server.opened, apns.asked]).toEqual([opened + 1, asked + 1]);
  });

  it('that were under way when APNs said good-bye', async () => {
    const { apns } = providers;
    const { pocket, place } = await pocketOf('ios');
    const before = apns.asked;
    apns.answerWith('goaway');
    const { id } = await place();
    await until('it was turned away', () => apns.asked > before);
    apns.answerWith('right');
    await eventually(pocket.heard).toEqual(['ring']);
    await allPushed(look, id);
    expect(pocket.heard()).toEqual(['ring']);
  });

  it.each(['android', 'ios', 'web'] as const)(
    'no more where the provider knows none there (%s)',
    async (platform) => {
      const { pocket, caller, place } = await pocketOf(platform);
      const forget = platform === 'ios' ? providers.apns.forget : providers.fcm.forget;
      for (const value of pocket.values) forget(value);
      const first = await place();
      expect(first.reach).toBe(1);
      await allPushed(look, first.id);
      await caller.calls.leave(first.id);
      expect((await place()).reach).toBe(0);
      expect(pocket.heard()).toEqual([]);
    },
  );

  it('or not, a server ends in its time and leaves no connection', async () => {
    const { fcm, apns } = providers;
    const [android, iphone] = await Promise.all([pocketOf('android'), pocketOf('ios')]);
    const before = { fcm: fcm.asked, apns: apns.asked };
    fcm.answerWith('hang');
    apns.answerWith('hang');
    await Promise.all([android.place(), iphone.place()]);
    await until('both hang', () => fcm.asked > before.fcm && apns.asked > before.apns);
    await server.stop();
    fcm.answerWith('right');
    apns.answerWith('right');
    expect(server.child.process.exitCode, 'not killed').toBe(0);
    const lines = server.child.output().split('\n');
    // Who asked is told of requests alone.
    const told = lines.filter((line) => !line.includes('"msg":"answered"')).join('\n');
    expect(told).not.toContain('by force');
    expect(told).not.toMatch(/calle[er]-\d/);
    for (const secret of ['swt_', ...android.pocket.values, ...iphone.pocket.values]) {
      expect(lines.join('\n')).not.toContain(secret);
    }
    await until('nothing is open', () => fcm.server.open + apns.server.open === 0);
  });
});
