/// <reference types="node" preserve="true" />
// The library's door.
export type {
  AuthorizeRoom,
  RoomAccessAnswer,
  RoomAccessRequest,
  RoomAccessRule,
} from './access/room-access.ts';
export { ERROR_CODES, type ErrorCode, SwitchboardError } from './errors.ts';
export type { FirebaseApp } from './firebase-admin.ts';
export type { TrustProxy } from './http/app.ts';
export type { HostUser } from './http/authenticate.ts';
export type { ErrorHandler } from './http/express-errors.ts';
export type { FastifyPlugin } from './http/fastify-plugin.ts';
export type { Handler } from './http/mount.ts';
export type { RoomName, UserId } from './ids.ts';
export type { Logger } from './log.ts';
export type { SwitchboardOptions } from './options.ts';
export type { RoomPermissions, TrackSource } from './permissions.ts';
export { createSwitchboard, type Readiness, type Switchboard } from './switchboard.ts';
export type { User } from './user.ts';
