// The host's backend hears of calls: from two servers over one Postgres, through outages of its own
// and the death of a server; and what an operator does beside them by command.
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import {
  type CallGround,
  type CallServer,
  enter,
  eventually,
  phoneOf,
  serveReady,
  startGround,
  statesIn,
  type Variables,
} from './calls-stage.ts';
import { startChild } from './child.ts';
import { endings } from './endings.ts';
import { type HostReceiver, startHostReceiver } from './host-receiver.ts';
import { type PushProviders, startPushProviders } from './push-providers.ts';
import { type Look, lookInto, type Pocket, register, showTicket } from './ringing-stage.ts';
import { until } from './until.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

const keep = endings();
let ground: CallGround;
let receiver: HostReceiver;
let providers: PushProviders;
let database: string;
let variables: Variables;
let look: Look;
let first: CallServer;
let second: CallServer;
beforeAll(async () => {
  [ground, receiver, providers] = await Promise.all([
    startGround(keep),
    startHostReceiver().then(keep),
    startPushProviders().then(keep),
  ]);
  database = await ground.database('Postgres');
  variables = { ...receiver.variables, ...providers.variables };
  [first, second] = await Promise.all([
    serveReady(ground, 'first', database, variables).then(keep),
    serveReady(ground, 'second', database, variables).then(keep),
  ]);
  look = keep(await lookInto(database));
});

const phone = (...of: Parameters<typeof phoneOf>) => keep(phoneOf(...of));
const deaf = (uid: string, server: CallServer) => phone(uid, server, { isDeaf: true });

/** `call.placed`, `call.accepted bob`. */
const heardOf = (callId: string) =>
  receiver.of(callId).map(({ type, uid }) => (uid === undefined ? type : `${type} ${uid}`));

/** Nothing is missing, and nothing came before its time. */
function expectInOrder(callId: string): void {
  const events = receiver.of(callId);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, nth) => nth + 1));
  expect(events.map(({ id }) => id)).toEqual(
    events.map(({ sequence }) => `evt_${callId}_${sequence}`),
  );
  expect(receiver.unsigned).toBe(0);
}

/** A call that nobody answers. */
async function cancelled(server: CallServer, name: string): Promise<string> {
  const caller = deaf(`caller of ${name}`, server);
  const { id } = (await caller.calls.place({ callees: [name], kind: 'audio' })).call;
  await caller.calls.leave(id);
  return id;
}
const CANCELLED = (name: string) => ['call.placed', `call.left caller of ${name}`, 'call.ended'];

/** `livekit-switchboard …` beside the servers; what it says. */
async function command(...args: readonly string[]): Promise<string> {
  const child = startChild({
    command: process.execPath,
    args: [CLI, ...args],
    env: { ...variables, DATABASE_URL: database },
  });
  await new Promise<void>((resolve) => void child.process.once('close', () => resolve()));
  expect(child.process.exitCode, child.output()).toBe(0);
  return child.output();
}

it('all of a call, with what LiveKit tells of it', async () => {
  const alice = phone('alice', first);
  const bob = phone('bob', second);
  const placed = await alice.calls.place({ callees: ['bob'], kind: 'video', context: 'chat-1' });
  const { id } = placed.call;
  await eventually(() => bob.update(id)?.rings).toBe(true);
  await bob.calls.alerting(id);
  const inBobsEar = keep(await enter(await bob.calls.accept(id)));
  const inAlicesEar = keep(await enter(placed));
  await eventually(() => statesIn(alice.update(id)?.call)).toEqual({
    ...{ alice: 'joined', bob: 'joined' },
  });
  await bob.calls.leave(id);
  await Promise.all([inBobsEar.gone, inAlicesEar.gone]);
  await eventually(() => heardOf(id)).toContain('call.ended');
  const heard = heardOf(id);
  expect(heard.slice(0, 3)).toEqual(['call.placed', 'call.alerting bob', 'call.accepted bob']);
  // Who is there first is LiveKit's to say.
  expect(heard.slice(3, -2).toSorted()).toEqual(['call.joined alice', 'call.joined bob']);
  expect(heard.slice(-2)).toEqual(['call.left bob', 'call.ended']);
  expectInOrder(id);
  expect(receiver.of(id).at(-1)?.call).toMatchObject({
    ...{ caller: 'alice', context: 'chat-1', outcome: 'answered', reason: 'hangup' },
    parties: [{ name: 'alice by name' }, { name: 'bob by name' }],
  });
});

it('in order, once the backend is well again', async () => {
  for (const answer of ['refuse', 'cut'] as const) {
    receiver.answerWith(answer);
    const before = receiver.asked;
    const ids = await Promise.all(
      [first, second].map((server, n) => cancelled(server, `${answer}-${n}`)),
    );
    await until('it was told in vain', () => receiver.asked > before);
    receiver.answerWith('take');
    for (const [n, id] of ids.entries()) {
      await eventually(() => heardOf(id)).toEqual(CANCELLED(`${answer}-${n}`));
      expectInOrder(id);
    }
  }
});

it('by the other server, where one is killed before it could tell', async () => {
  receiver.answerWith('refuse');
  const before = receiver.asked;
  const id = await cancelled(first, 'killed');
  await until('it was told in vain', () => receiver.asked > before);
  await first.kill();
  receiver.answerWith('take');
  // Where it died in the middle of a try, that one's lease ends first.
  await eventually(() => heardOf(id), 40_000).toEqual(CANCELLED('killed'));
  expectInOrder(id);
});

it('again, by command, what was given up', async () => {
  receiver.answerWith('refuse-for-an-hour');
  const id = await cancelled(second, 'given-up');
  await until('it is not told before an hour has passed', async () => {
    // The later ones wait behind the first, for longer than that.
    const [first] = await look.rows(
      `select min(run_at) - 1000 * extract(epoch from now()) as ms from host_effects where call_id = '${id}'`,
    );
    return Number(first?.ms) > 3_000_000;
  });
  // As after three days.
  await look.rows(`update host_effects set run_at = null where call_id = '${id}'`);
  receiver.answerWith('take');
  expect(await command('webhooks', 'redeliver')).toMatch(/^3 events that were given up/);
  await eventually(() => heardOf(id)).toEqual(CANCELLED('given-up'));
  expectInOrder(id);
  expect(await command('webhooks', 'redeliver')).toMatch(/^No event was given up/);
});

it('no more of somebody who was erased, of whom nothing is left', async () => {
  const uid = 'somebody-who-goes';
  const goner = phone(uid, second);
  const iphone = await register(goner, 'ios', providers);
  await register(goner, 'android', providers);
  const other = phone('who-stays', second);
  await cancelled(second, uid);
  const past = (await goner.calls.place({ callees: ['who-stays'], kind: 'audio' })).call.id;
  await goner.calls.leave(past);
  const placed = await other.calls.place({ callees: [uid], kind: 'audio' });
  const { id } = placed.call;
  const ring = () => iphone.told().find(({ data }) => data.id === id);
  await until('it rings', () => ring() !== undefined);
  const ticket = String(ring()?.data.ticket);
  const inHisEar = keep(await enter(await goner.calls.accept(id)));
  keep(await enter(placed));
  await eventually(() => statesIn(other.update(id)?.call)).toEqual({
    ...{ [uid]: 'joined', 'who-stays': 'joined' },
  });
  goner.calls.close();
  await eventually(() => heardOf(id)).toContain(`call.joined ${uid}`);

  // What the host has yet to be told has his name in it.
  receiver.answerWith('refuse');
  expect(await command('erase', uid)).toMatch(
    /^Erased\. They were in a call, which they have left\./,
  );
  await expectNoTrace(uid, iphone);
  await eventually(() => other.update(id)?.call).toMatchObject({ state: 'ended' });
  expect(await inHisEar.gone).toBe('ROOM_DELETED');
  receiver.answerWith('take');
  await eventually(() => heardOf(id).slice(-2)).toEqual(['call.left erased', 'call.ended']);
  expectInOrder(id);
  expect(await showTicket(second, ticket, { path: `/${id}` })).toMatchObject({
    ...{ status: 403, code: 'ticket_invalid' },
  });
  const again = await other.calls.place({ callees: ['who-stays-too'], kind: 'audio' });
  await other.calls.leave(again.call.id);
  expect((await other.calls.get(past)).parties.map((party) => party.uid)).toEqual([
    ...['erased', 'who-stays'],
  ]);
  await expectNoTrace(uid, iphone);
});

async function expectNoTrace(uid: string, { values }: Pocket): Promise<void> {
  const tables = await look.rows(
    "select table_name as name from information_schema.tables where table_schema = 'switchboard'",
  );
  expect(tables.length).toBeGreaterThan(8);
  const rows = await Promise.all(
    tables.map(({ name }) => look.rows(`select row_to_json(t)::text as text from "${name}" t`)),
  );
  const dump = rows.flat().map(({ text }) => text);
  expect(dump.length).toBeGreaterThan(10);
  const traces = dump.filter((text) =>
    // The other side of an earlier call has a name of its own.
    [uid, ...values].some((trace) =>
      String(text).replaceAll(`caller of ${uid}`, '').includes(trace),
    ),
  );
  expect(traces).toEqual([]);
}
