// What an app gives, and what it gets: the client's own API.
import type { CallKind, CallView, ListedCall } from './call.ts';
import type { CallsError } from './error.ts';
import type { Connection } from './feed-state.ts';
import type { DeviceRegistration, RegisteredDevice } from './installation.ts';
import type { CallListener } from './known-calls.ts';
import type { GetIdToken } from './request.ts';
import type { Fetch } from './surroundings.ts';

export interface CallsClientOptions {
  /** Where the routes are: `https://api.example.com/api/calls`, or, in a page, `/api/calls`. */
  readonly baseUrl: string;
  /** `(forceRefresh) => auth.currentUser?.getIdToken(forceRefresh)` */
  readonly getIdToken: GetIdToken;
  /**
   * The name of this running client, 1 to 128 characters: a process on a phone, a tab in a browser.
   * Default: a tab keeps one of its own over reloads; elsewhere every client has a new one.
   */
  readonly deviceId?: string;
  /**
   * Under which this app is registered for pushes (`registerDevice`): then accepting, declining,
   * hanging up and calling back here stops the ring of the other phones, and none is pushed to this one.
   */
  readonly installationId?: string;
  /** Default: the global one. */
  readonly fetch?: Fetch;
  /** Default: `stream` where `fetch` can hand over an answer in pieces, `poll` in React Native. */
  readonly feed?: 'stream' | 'poll';
}

export interface PlaceRequest {
  /** Uids. More than one makes a group call. */
  readonly callees: readonly string[];
  readonly kind: CallKind;
  /** A UUID, where the app has one already (CallKit); or the one of a `place` that got no answer. */
  readonly callId?: string;
  /** What the call is about: a chat's id. */
  readonly context?: string;
  /** JSON of at most 4 KiB, for the other phones. */
  readonly data?: unknown;
}

/** Into the room: for `room.connect(serverUrl, token)` of LiveKit's SDK. */
export interface Entry {
  readonly call: CallView;
  readonly token: string;
  readonly serverUrl: string;
  /** RFC 3339: until when the token opens the room. */
  readonly expiresAt: string;
}

/** No token: the call has ended before its `place` was answered. */
export type Placed =
  | Entry
  | {
      readonly call: CallView;
      readonly token?: undefined;
      readonly serverUrl?: undefined;
      readonly expiresAt?: undefined;
    };

export interface AcceptRequest {
  /** From the person's other device, which holds the seat now. */
  readonly takeOver?: boolean;
  /** The call that is left for this one. */
  readonly instead?: string;
}

export interface HistoryRequest {
  /** Only the calls of one chat. */
  readonly context?: string;
  /** `next` of the page before. */
  readonly after?: string;
  readonly limit?: number;
}

export interface HistoryPage {
  /** Newest first, each as this person may see it. */
  readonly calls: readonly ListedCall[];
  /** Undefined: that was the last page. */
  readonly next: string | undefined;
}

/** Ends what it came from. Safe to call more than once. */
export type Stop = () => void;

/** What fails rejects with a {@link CallsError}; wrong use, with a `TypeError`. */
export interface CallsClient {
  /** The name of this running client, as `call.me.device` has it. */
  deviceId(): Promise<string>;
  /**
   * Calls somebody. Asked again by itself where the answer got lost, under the same call id: it rings
   * once. Where two people call each other at the same moment, `call` is the one that both are in.
   */
  place(request: PlaceRequest): Promise<Placed>;
  /** Answers a call, comes back to a group call, or fetches a new token for one's seat. */
  accept(callId: string, request?: AcceptRequest): Promise<Entry>;
  /** `timeout` (this phone stopped ringing) changes nothing for the others. Default: `declined`. */
  decline(callId: string, reason?: 'declined' | 'busy' | 'timeout'): Promise<CallView>;
  /** Hangs up, cancels an unanswered call, or declines a ring. */
  leave(callId: string): Promise<CallView>;
  /** Ends it for all. */
  end(callId: string): Promise<CallView>;
  /** Rings more people; makes the call a group for good. */
  invite(callId: string, callees: readonly string[]): Promise<CallView>;
  /** Says that this phone rings: the caller's app says "ringing" from then on. */
  alerting(callId: string): Promise<CallView>;
  /** At every start of the app, and when a value changes. `installationId`: 1 to 128 of `A-Za-z0-9_.:~-`. */
  registerDevice(installationId: string, device: DeviceRegistration): Promise<RegisteredDevice>;
  /** Before signing out, as long as there is an ID token: whoever signs in next is not rung for this one. */
  removeDevice(installationId: string): Promise<void>;
  get(callId: string): Promise<CallView>;
  /** The calls that are going on: what an app asks when it starts. */
  live(): Promise<readonly ListedCall[]>;
  history(request?: HistoryRequest): Promise<HistoryPage>;
  /**
   * Tells each state of one call, beginning with the present one, until it has ended. `onError`: there
   * is no such call. What passes by itself is not told.
   */
  watch(callId: string, listener: CallListener, onError?: (error: CallsError) => void): Stop;
  /**
   * Tells each state of every call, beginning with the live ones. The feed is open as long as somebody
   * listens.
   */
  onCall(listener: CallListener): Stop;
  /** Tells how the feed is, beginning with how it is now. */
  onConnection(listener: (connection: Connection) => void): Stop;
  /**
   * The app is in the foreground, or the network is back: what waits is tried at once. Browsers say so
   * by themselves; React Native's AppState and NetInfo know it.
   */
  wake(): void;
  /** Ends everything, and leaves no timer and no connection. */
  close(): void;
}
