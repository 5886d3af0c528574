// The door of `livekit-switchboard/client`: for browsers, React Native and Node, without a dependency.
import { createClient } from './client.ts';
import { checkInstallation } from './installation.ts';
import type { CallsClient, CallsClientOptions } from './options.ts';
import { surroundings } from './surroundings.ts';

export {
  type CallKind,
  type CallParty,
  type CallState,
  type CallView,
  type Cause,
  isRinging,
  type ListedCall,
  type Me,
  type Outcome,
  type PartyState,
  type Reason,
} from './call.ts';
export {
  CallsError,
  type CallsErrorCode,
  type CallsErrorDetails,
  type ClientCode,
  type ServerCode,
} from './error.ts';
export type { Connection } from './feed-state.ts';
export type { DeviceRegistration, PushTarget, RegisteredDevice } from './installation.ts';
export type { CallListener, CallUpdate, UpdateCause } from './known-calls.ts';
export type {
  AcceptRequest,
  CallsClient,
  CallsClientOptions,
  Entry,
  HistoryPage,
  HistoryRequest,
  Placed,
  PlaceRequest,
  Stop,
} from './options.ts';
export type { GetIdToken } from './request.ts';
export type { Fetch, FetchAnswer, FetchInit } from './surroundings.ts';

/**
 * A client of one person's calls. Make it when somebody signs in, and close it when they sign out.
 *
 * @example
 * const calls = createCallsClient({
 *   baseUrl: 'https://api.example.com/api/calls',
 *   getIdToken: (forceRefresh) => auth.currentUser?.getIdToken(forceRefresh),
 * });
 * calls.onCall(({ call, rings }) => (rings ? ring(call) : stopRinging(call)));
 */
export function createCallsClient(options: CallsClientOptions): CallsClient {
  const { baseUrl, getIdToken, deviceId, installationId } = options;
  if (typeof baseUrl !== 'string') throw new TypeError('baseUrl must be a string');
  if (typeof getIdToken !== 'function') throw new TypeError('getIdToken must be a function');
  if (deviceId !== undefined && (deviceId.length < 1 || deviceId.length > 128)) {
    throw new TypeError('deviceId must have 1 to 128 characters');
  }
  if (installationId !== undefined) checkInstallation(installationId);
  return createClient(options, surroundings());
}
