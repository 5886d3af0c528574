// Two servers on one database, and what neither of them writes into its log.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PushResult } from '../../src/ringing/push.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { ringOf } from '../storage/scenes.ts';
import { HANDED, type RingStage, setRingStage } from './stage.ts';

describe('two instances on one database', () => {
  let folder: string;
  let stage: RingStage;
  let other: Store;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ringing-'));
    const path = join(folder, 'calls.db');
    stage = await setRingStage({ path });
    const { clock, log } = stage;
    other = createSqliteStore({ path, clock, log });
    await other.open();
    await stage.register('bob', 'phone');
  });
  afterEach(async () => {
    await stage.close();
    await other.close();
    rmSync(folder, { recursive: true });
  });

  it('where the one dies between commit and push the other rings within five seconds', async () => {
    await stage.another({ store: other }).start();
    // Nobody waits there, and nothing goes on.
    await stage.pass(200_000);
    const call = await stage.place('alice', 'bob');
    // It has just taken the work, and is killed.
    await stage.store.leaseEffects('push', 10, 4_500);
    await stage.store.takeRing(ringOf(call));
    await stage.pass(4_700);
    expect(stage.sender.sent()).toEqual(['ring to phone']);
  });

  it('where the one dies right after the commit the other rings at once', async () => {
    await stage.place('alice', 'bob');
    await stage.another({ store: other }).start();
    await stage.pass(100);
    expect(stage.sender.sent()).toEqual(['ring to phone']);
  });

  it('where the one dies after the push the other stops the ring', async () => {
    const call = await stage.place('alice', 'bob');
    await stage.store.leaseEffects('push', 10, 5_000);
    await stage.store.takeRing(ringOf(call));
    await stage.end(call);
    await stage.another({ store: other }).start();
    await stage.pass(8_000);
    expect(stage.sender.sent()).toEqual(['stop_ring (cancelled) to phone']);
  });

  it('ring each phone once', async () => {
    await stage.loop.start();
    await stage.another({ store: other }).start();
    for (const who of ['carol', 'dave', 'eve']) await stage.register(who, `${who}s`);
    for (const who of ['bob', 'carol', 'dave', 'eve']) await stage.place(`${who}'s friend`, who);
    await stage.pass(10_000);
    expect(stage.sender.sent().sort()).toEqual(
      ['carols', 'daves', 'eves', 'phone'].map((name) => `ring to ${name}`),
    );
  });
});

describe('the log, with every line in it,', () => {
  it('holds no ticket, no value of a device, no name, and nobody', async () => {
    const stage = await setRingStage();
    const phones = ['good', 'gone', 'refused', 'failing', 'hanging', 'rejecting', 'nonsense'];
    for (const phone of phones) await stage.register('bob-the-callee', phone);
    const answers: Record<string, (quoted: string) => PushResult | Promise<PushResult>> = {
      gone: () => ({ result: 'gone', reason: 'UNREGISTERED' }),
      refused: (quoted) => ({ result: 'refused', reason: quoted }),
      failing: (quoted) => ({ result: 'failed', reason: quoted }),
      hanging: () => new Promise(() => {}),
      rejecting: (quoted) => Promise.reject(new Error(quoted)),
      nonsense: (quoted) => quoted as never,
    };
    stage.sender.answerWith(({ message, target, device }) => {
      const ticket = message.type === 'ring' ? message.ticket : '';
      return answers[device.installation]?.(`${ticket} ${target.value}`) ?? HANDED;
    });
    const { dropTarget } = stage.store;
    stage.store.dropTarget = async (target) => {
      await dropTarget(target);
      throw new Error('a bug');
    };
    await stage.loop.start();
    const call = await stage.place('alice-the-caller', 'bob-the-callee');
    await stage.pass(20_000);
    await stage.end(call);
    await stage.pass(120_000);
    await stage.close();

    const told = [
      ...stage.log.lines.map(
        ({ fields, message }) => `${message} ${JSON.stringify(fields, errors)}`,
      ),
      await stage.registry.metrics(),
    ].join('\n');
    expect(told).toContain('a sender of pushes has a bug');
    expect(told).toContain('a way to a phone');
    for (const secret of ['swt_', 'token-of-', 'alice', 'bob', ...phones.slice(0, 2), call.room]) {
      expect(told.replaceAll(/result="\w+"/g, '')).not.toContain(secret);
    }
  });
});

const errors = (_: string, value: unknown): unknown =>
  value instanceof Error ? [value.message, value.stack, value.cause] : value;
