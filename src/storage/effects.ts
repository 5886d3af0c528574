// What is to be done after a commit, as rows: a table a lane.
import { randomUUID } from 'node:crypto';
import type { DeviceId, InstallationId, UserId } from '../base/ids.ts';
import type { Effect, Effects, RingEnd } from '../calls/event.ts';
import type { HostCall, HostEvent, HostEventType } from '../calls/host-event.ts';
import type { ChangedCall } from '../calls/store.ts';
import { type Columns, known, type RowOf } from './sql/columns.ts';
import type { Row } from './sql/dialect.ts';

const ANY = { id: 'text', call_id: 'text', run_at: 'bigint', tries: 'bigint' } as const;

/** At LiveKit. */
export const EFFECT = { ...ANY, type: 'text', uid: 'text' } as const satisfies Columns;

export const PUSH_EFFECT = {
  ...ANY,
  type: 'text',
  uid: 'text',
  ring_at: 'bigint',
  cause: 'text',
  installation: 'text',
  device: 'text',
} as const satisfies Columns;

/** Without `run_at` it was given up. */
export const HOST_EFFECT = {
  ...ANY,
  target: 'text',
  sequence: 'bigint',
  type: 'text',
  uid: 'text',
  at: 'bigint',
  call: 'text',
} as const satisfies Columns;

/** `run_at` of an event of the host that waits for one before it, of the same call and target. */
export const BEHIND = Number.MAX_SAFE_INTEGER;

export interface EffectRows {
  readonly effects: RowOf<typeof EFFECT>[];
  readonly pushEffects: RowOf<typeof PUSH_EFFECT>[];
  readonly hostEffects: RowOf<typeof HOST_EFFECT>[];
}

export const noEffects = (): EffectRows => ({ effects: [], pushEffects: [], hostEffects: [] });

/** All due at once, but for the host's, of which each target has them one after the other. */
export function addEffects(rows: EffectRows, { call, effects }: ChangedCall, now: number): void {
  const targets = new Set<string>();
  for (const effect of effects) {
    const any = { id: randomUUID(), call_id: call.id, run_at: now, tries: 0 };
    if (effect.type === 'host_event') {
      const run_at = targets.has(effect.target) ? BEHIND : now;
      targets.add(effect.target);
      rows.hostEffects.push({ ...any, run_at, ...hostColumns(effect) });
    } else if (effect.type === 'ring' || effect.type === 'stop_ring') {
      rows.pushEffects.push({ ...any, ...pushColumns(effect) });
    } else {
      rows.effects.push({ ...any, ...roomColumns(effect) });
    }
  }
}

const roomColumns = (effect: Effects['livekit']) => ({
  type: effect.type,
  uid: effect.type === 'remove_participant' ? effect.identity : null,
});

const pushColumns = (effect: Effects['push']) => {
  const stop = effect.type === 'stop_ring' ? effect : undefined;
  return {
    type: effect.type,
    uid: effect.uid,
    ring_at: effect.ringAt,
    cause: stop?.cause,
    installation: stop?.installation,
    device: stop?.device,
  };
};

const hostColumns = ({ target, event }: Effects['host']) => ({
  target,
  sequence: event.sequence,
  type: event.type,
  uid: event.uid,
  at: event.at,
  call: JSON.stringify(event.call),
});

export const EFFECT_OF: { readonly [L in keyof Effects]: (row: Row) => Effects[L] } = {
  livekit: ({ type, uid }) =>
    type === 'remove_participant'
      ? { type, identity: uid as string }
      : { type: type as 'create_room' | 'delete_room' },
  push({ type, uid, ring_at, cause, installation, device }) {
    if (type === 'ring') return { type, uid: uid as UserId, ringAt: ring_at as number };
    return known<Extract<Effect, { type: 'stop_ring' }>>({
      type: 'stop_ring',
      uid: uid as UserId,
      ringAt: ring_at as number,
      cause: cause as RingEnd,
      installation: installation as InstallationId | null,
      device: device as DeviceId | null,
    });
  },
  host: ({ target, type, sequence, at, uid, call }) => ({
    type: 'host_event',
    target: target as string,
    event: known<HostEvent>({
      type: type as HostEventType,
      sequence: sequence as number,
      at: at as number,
      uid: uid as UserId | null,
      call: JSON.parse(call as string) as HostCall,
    }),
  }),
};
