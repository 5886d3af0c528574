// What a phone is, as far as it can be rung.
import type { InstallationId, UserId } from '../base/ids.ts';

export const PLATFORMS = ['android', 'ios', 'web'] as const;
export type Platform = (typeof PLATFORMS)[number];

/**
 * Ways to an installation: FCM by a registration token or by an installation id (its successor),
 * APNs for rings (VoIP) and for everything else, and whatever the host's own sender knows.
 */
export const TARGET_KINDS = ['fcm_token', 'fid', 'apns_voip', 'apns', 'host'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface Target {
  readonly kind: TargetKind;
  /** Whoever has it can ring that phone: it is never logged. */
  readonly value: string;
  /** Of APNs: an app that was installed by Xcode has another server. */
  readonly isSandbox?: true;
}

/** One installation, of the user who signed in there last. */
export interface Device {
  readonly uid: UserId;
  readonly installation: InstallationId;
  readonly platform: Platform;
  /** Of one kind at most one. */
  readonly targets: readonly Target[];
  /** BCP 47; for texts that the server words. */
  readonly locale?: string;
}

/** Of one person; who registers one more loses the one that was silent longest. */
export const DEVICES_MAX = 10;
/** Without a sign of life: that long FCM keeps a token (https://firebase.google.com/docs/cloud-messaging/manage-tokens). */
export const DEVICE_DAYS = 270;
