// The client has types of its own, so that apps need none of the server's. The compiler holds both
// together: npm run types.
import { expect, it } from 'vitest';
import type { ErrorCode } from '../../src/base/errors.ts';
import type * as server from '../../src/calls/call.ts';
import type { HistoryEntry, CallView as ServerView } from '../../src/calls/view.ts';
import type * as client from '../../src/client/index.ts';
import type { Platform, TargetKind } from '../../src/ringing/device.ts';

type Same<A, B> = [A, B] extends [B, A] ? true : false;
type Fits<A, B> = A extends B ? true : false;

it('knows every word that the server has for a call, and no other', () => {
  const same: Same<client.CallKind, server.CallKind> &
    Same<client.CallState, server.CallState> &
    Same<client.PartyState, server.PartyState> &
    Same<client.Outcome, server.Outcome> &
    Same<client.Reason, server.Reason> &
    Same<client.Cause, server.Cause> = true;
  expect(same).toBe(true);
});

it('has the JSON of a call as the server writes it, and every field of it', () => {
  const fits: Fits<ServerView, client.CallView> & Fits<HistoryEntry, client.ListedCall> = true;
  const same: Same<keyof client.ListedCall, keyof HistoryEntry> &
    Same<keyof client.Me, keyof ServerView['me']> &
    Same<keyof client.CallParty, keyof ServerView['parties'][number]> = true;
  expect([fits, same]).toEqual([true, true]);
});

it('knows every platform and every kind of push that the server knows, and no other', () => {
  const same: Same<client.DeviceRegistration['platform'], Platform> &
    Same<client.PushTarget['kind'], TargetKind> = true;
  expect(same).toBe(true);
});

it('knows codes of the server alone', () => {
  const fits: Fits<client.ServerCode, ErrorCode> = true;
  expect(fits).toBe(true);
});
