// The phones that the demo users have in their pockets, and by which values a provider knows them.
import { createHash } from 'node:crypto';
import type { TargetKind } from '../../ringing/device.ts';

export interface SimulatedPhone {
  readonly uid: string;
  /** Under which it is registered; also the name of the app that runs on it. */
  readonly installationId: string;
  readonly name: 'Android' | 'iPhone';
  readonly registration: {
    readonly platform: 'android' | 'ios';
    readonly pushes: readonly { readonly kind: TargetKind; readonly value: string }[];
  };
}

/** The same at every start, since a database may remember them. */
export function simulatedPhones(
  uids: readonly string[],
  { withIPhones }: { withIPhones: boolean },
): readonly SimulatedPhone[] {
  return uids.flatMap((uid) => [androidOf(uid), ...(withIPhones ? [iPhoneOf(uid)] : [])]);
}

function androidOf(uid: string): SimulatedPhone {
  const token = `${hashOf(`installation ${uid}`, 11)}:${hashOf(`token ${uid}`, 32)}`;
  return {
    uid,
    installationId: `${uid}-android`,
    name: 'Android',
    registration: { platform: 'android', pushes: [{ kind: 'fcm_token', value: token }] },
  };
}

function iPhoneOf(uid: string): SimulatedPhone {
  return {
    uid,
    installationId: `${uid}-iphone`,
    name: 'iPhone',
    registration: {
      platform: 'ios',
      pushes: [
        { kind: 'apns_voip', value: hashOf(`voip ${uid}`, 32) },
        { kind: 'apns', value: hashOf(`apns ${uid}`, 32) },
      ],
    },
  };
}

const hashOf = (text: string, bytes: number): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, bytes * 2);
