// The routes of calls over a real Postgres: two instances that share it, and a host's own pool.
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { type CallStage, setCallStage } from '../call-stage.ts';
import { type Postgres, startPostgres } from './postgres.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function instance(database: SwitchboardOptions['database']): Promise<CallStage> {
  const stage = await setCallStage(undefined, { database });
  cleanups.push(stage.close);
  return stage;
}

describe('two instances', () => {
  it('share every call', async () => {
    const url = await postgres.database('shared');
    const one = await instance(url);
    const other = await instance(url);
    const callId = randomUUID();
    const placed = await one.place('alice', ['bob'], {
      callId,
      context: 'chat-1',
      data: { a: 'ü' },
    });
    expect([placed.status, placed.call.id]).toEqual([201, callId]);
    expect(
      (await other.place('alice', ['bob'], { callId, context: 'chat-1', data: { a: 'ü' } })).status,
    ).toBe(200);
    expect((await other.as('bob', 'GET', '?live=1')).calls).toMatchObject([
      { id: callId, context: 'chat-1', data: { a: 'ü' }, me: { state: 'ringing' } },
    ]);
    const waiting = one.as(
      'alice',
      'GET',
      `/${callId}?waitSeconds=25&after=${placed.call.version}`,
    );
    expect((await other.accept('bob', callId)).status).toBe(200);
    expect((await waiting).call).toMatchObject({ state: 'active' });
    expect((await one.accept('bob', callId, { deviceId: 'bob-2' })).code).toBe(
      'answered_elsewhere',
    );
    expect((await one.as('bob', 'POST', `/${callId}/leave`)).call.state).toBe('ended');
    expect((await other.as('alice', 'GET', '?context=chat-1')).calls).toMatchObject([
      { id: callId, direction: 'outgoing', outcome: 'answered', reason: 'hangup' },
    ]);
  });
});

describe('a pool of the host’s own', () => {
  it('serves calls, and stays the host’s', async () => {
    const pool = new Pool({ connectionString: await postgres.database('hosts') });
    cleanups.push(() => pool.end());
    const stage = await setCallStage(undefined, { database: pool });
    const { status, call } = await stage.place('alice', ['bob']);
    expect(status).toBe(201);
    expect((await stage.accept('bob', call.id)).call.state).toBe('active');
    await stage.close();
    const { rows } = await pool.query('select count(*)::int as calls from switchboard.calls');
    expect(rows).toEqual([{ calls: 1 }]);
  });
});

describe('Postgres that goes and comes back', () => {
  it('is 503 meanwhile, and nothing is lost', async () => {
    const stage = await instance(await postgres.database('away'));
    const { call } = await stage.place('alice', ['bob']);
    await postgres.stop();
    const refused = await stage.accept('bob', call.id);
    expect([refused.status, refused.code]).toEqual([503, 'calls_unavailable']);
    expect(stage.switchboard.readiness().missing).toEqual(['the database of calls (out of reach)']);
    await postgres.start();
    await expect
      .poll(
        async () => {
          stage.clock.advance(1_000);
          return (await stage.accept('bob', call.id)).status;
        },
        { timeout: 10_000 },
      )
      .toBe(200);
    expect(stage.switchboard.readiness().ready).toBe(true);
  });
});
