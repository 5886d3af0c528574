/// <reference types="node" preserve="true" />
// The library's door.

export type { HostFirestore } from './access/firestore.ts';
export type { ProfileOf, PublicProfile } from './access/profiles.ts';
export type {
  MayRing,
  MayRingAnswer,
  MayRingOne,
  MayRingRequest,
  RingAccessRule,
} from './access/ring-access.ts';
export type {
  AuthorizeRoom,
  RoomAccessAnswer,
  RoomAccessRequest,
  RoomAccessRule,
} from './access/room-access.ts';
export type { HostUser } from './admission/authenticate.ts';
export { ERROR_CODES, type ErrorCode, SwitchboardError } from './base/errors.ts';
export type { FirebaseApp } from './base/firebase-admin.ts';
export type { RoomName, UserId } from './base/ids.ts';
export type { Logger } from './base/log.ts';
export type { RoomPermissions, TrackSource } from './base/permissions.ts';
export type { User } from './base/user.ts';
export type {
  CallKind,
  CallState,
  Outcome,
  PartyState,
  Reason,
} from './calls/call.ts';
export type { HostCall, HostEventType, HostParty } from './calls/host-event.ts';
export type { ErasedUser } from './compose/erase-user.ts';
export type { HostCalls, HostPlaceRequest } from './compose/host-calls.ts';
export type { Readiness, Switchboard } from './compose/house.ts';
export type { HostCallEvent, OnCallEvent } from './events/host/message.ts';
export type { TrustProxy } from './http/address.ts';
export type { ErrorHandler } from './http/express-errors.ts';
export type { FastifyPlugin } from './http/fastify-plugin.ts';
export type { Handler } from './http/mount.ts';
export type { Platform, TargetKind } from './ringing/device.ts';
export type { PushOutcome, PushToSend, SendPush, SendPushAnswer } from './ringing/host-sender.ts';
export type { MissedCall, MissedCallTextOf } from './ringing/missed-call-text.ts';
export type { MissedCallText } from './ringing/push.ts';
export type { HostPool } from './settings/database.ts';
export type { SwitchboardOptions } from './settings/options.ts';
export { createSwitchboard } from './switchboard.ts';
