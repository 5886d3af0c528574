// What an app says of the phone on which it is installed, for pushes.

/** A way to reach an installation: a value of one kind. */
export interface PushTarget {
  /** FCM by a registration token or an installation id; APNs; or what the host's own sender knows. */
  readonly kind: 'fcm_token' | 'fid' | 'apns_voip' | 'apns' | 'host';
  readonly value: string;
  /** Of APNs: of an app that was installed by Xcode. */
  readonly sandbox?: boolean;
}

export interface DeviceRegistration {
  readonly platform: 'android' | 'ios' | 'web';
  /** One of a kind at most. */
  readonly pushes: readonly PushTarget[];
  /** BCP 47, like `pt-BR`: for texts that the server words. */
  readonly locale?: string;
}

export interface RegisteredDevice {
  readonly installationId: string;
  readonly platform: DeviceRegistration['platform'];
  /** `isServed`: whether the server has what sends to such values. It keeps them anyway. */
  readonly pushes: readonly {
    readonly kind: PushTarget['kind'];
    readonly isServed: boolean;
  }[];
}

const INSTALLATION = /^(?!\.{1,2}$)[\w.:~-]{1,128}$/;

export function checkInstallation(installationId: string): void {
  if (INSTALLATION.test(installationId)) return;
  throw new TypeError('installationId must be 1 to 128 letters, digits and _ . : ~ or -');
}

/** As it is: these marks need no escapes. */
export function devicePathOf(installationId: string): string {
  checkInstallation(installationId);
  return `/devices/${installationId}`;
}
