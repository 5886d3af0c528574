/// <reference types="node" preserve="true" />
// The library's door.

export type { HostFirestore } from './access/firestore.ts';
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
export type { CallKind } from './calls/call.ts';
export type { TrustProxy } from './http/address.ts';
export type { ErrorHandler } from './http/express-errors.ts';
export type { FastifyPlugin } from './http/fastify-plugin.ts';
export type { Handler } from './http/mount.ts';
export type { HostPool } from './settings/database.ts';
export type { SwitchboardOptions } from './settings/options.ts';
export { createSwitchboard, type Readiness, type Switchboard } from './switchboard.ts';
