// What the ringing room asks of the store: devices, and which of them rings for which call.
import type { CallId, InstallationId, UserId } from '../base/ids.ts';
import type { Call } from '../calls/call.ts';
import type { RingStop } from '../calls/event.ts';
import type { Device, Platform, Target } from './device.ts';

/** Rejects with StoreUnavailable (calls/store.ts) where it can't be reached. */
export interface DeviceStore {
  /**
   * Registers it, or its new values, and takes that for a sign of life. A value that another person's
   * or another installation of this person had takes that whole device away: it is the same phone.
   * Beyond {@link DEVICES_MAX} the one that was silent longest goes.
   */
  putDevice(device: Device): Promise<void>;
  /** False: this person has none of that name. */
  removeDevice(uid: UserId, installation: InstallationId): Promise<boolean>;
  devicesOf(uid: UserId): Promise<readonly Device[]>;
  /** A provider says that nobody is there any more. A device without any value left goes. */
  dropTarget(target: Pick<Target, 'kind' | 'value'>): Promise<void>;
  /** Removes devices without a sign of life for so long; answers how many, at most `limit`. */
  forgetDevices(silentMs: number, limit: number): Promise<number>;
}

/** One ring of one callee: who is invited anew rings anew, in the same call. */
export interface Ring {
  readonly callId: CallId;
  readonly uid: UserId;
  readonly ringAt: number;
}

export interface RingStore {
  /**
   * In one transaction with a look at the call: which devices of this callee are still to be rung.
   * Each is written down as rung before anybody pushes, so that whoever stops the ring knows of it.
   * Undefined: this ring is over, though another may have begun; he is hidden, or the call is gone.
   */
  takeRing(ring: Ring): Promise<TakenRing | undefined>;
  /** The provider has taken the ring for these. They are not rung again in this ring. */
  ringHanded(ring: Ring, installations: readonly InstallationId[]): Promise<void>;
  /**
   * The devices that were rung for rings that are over now, are still his, and were not told yet;
   * without `but`. Undefined: he rings (again), or the call is gone.
   */
  takeStop(
    callId: CallId,
    uid: UserId,
    but: RingStop['installation'],
  ): Promise<TakenStop | undefined>;
  /** They know that this ring is over, and those before it. */
  stopHanded(ring: Ring, installations: readonly InstallationId[]): Promise<void>;
  /** The first word that this device rings: its platform. Undefined: it was not rung, or said so before. */
  deviceAlerted(
    callId: CallId,
    uid: UserId,
    installation: InstallationId,
  ): Promise<Platform | undefined>;
}

export interface TakenRing {
  readonly call: Call;
  /** The store's time. */
  readonly now: number;
  readonly devices: readonly Device[];
}

export interface TakenStop {
  readonly call: Call;
  readonly now: number;
  /** Of the last of his rings, which is over. */
  readonly ringAt: number;
  readonly devices: readonly Device[];
  /** Of these a ring may still be on its way to the provider: a stop must not overtake it. */
  readonly onTheWay: readonly InstallationId[];
}
