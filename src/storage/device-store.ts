// Devices, and the ways to them. A value leads to one device: it goes with the phone.
import { createHash } from 'node:crypto';
import type { InstallationId, UserId } from '../base/ids.ts';
import {
  DEVICES_MAX,
  type Device,
  type Platform,
  type Target,
  type TargetKind,
} from '../ringing/device.ts';
import type { DeviceStore } from '../ringing/store.ts';
import type { Engine } from './engine.ts';
import { known, type RowOf } from './sql/columns.ts';
import { deviceStatements, type TARGET } from './sql/device-statements.ts';
import type { Row } from './sql/dialect.ts';

export function createDeviceStore(engine: Engine): DeviceStore {
  const { dialect } = engine;
  const statements = deviceStatements(dialect);
  const put = createPut(engine, statements);
  return {
    putDevice: put,
    async removeDevice(uid, installation) {
      const values = [uid, installation];
      const [gone = []] = await engine.ask([{ text: statements.removeDevice, values }]);
      return gone.length > 0;
    },
    async devicesOf(uid) {
      const [rows = []] = await engine.ask([{ text: statements.devicesOf, values: [uid] }]);
      return rows.map(deviceOf);
    },
    async dropTarget(target) {
      const values = [dialect.list([digestOf(target)])];
      // Held first: it may get a new value in this moment.
      await engine.write([
        { text: statements.lockHolders, values },
        { text: statements.removeHolders, values },
        { text: statements.dropTargets, values },
      ]);
    },
    async forgetDevices(silentMs, limit) {
      const values = [engine.clockValue(), silentMs, limit];
      const [gone = []] = await engine.ask([{ text: statements.forgetDevices, values }]);
      return gone.length;
    },
  };
}

/**
 * Locked in this order: the person, whose devices are counted; the values, so that one that nobody
 * has yet goes to one of two; the devices, sorted.
 */
function createPut(engine: Engine, statements: ReturnType<typeof deviceStatements>) {
  const { dialect } = engine;
  return async (device: Device): Promise<void> => {
    const { uid, installation, platform, locale, targets } = device;
    const digests = targets.map(digestOf);
    const keys = dialect.list(digests);
    const locks = [dialect.lockPeople([uid]), dialect.lockTargets(digests)].filter(
      (lock) => lock !== undefined,
    );
    const reads = [
      ...locks,
      { text: statements.lockDevices, values: [keys, uid] },
      { text: statements.holders, values: [keys] },
    ];
    await engine.transact<void>(reads, (answers) => {
      const [devices = [], holders = []] = answers.slice(locks.length);
      const gone = goneFor(device, devices, holders);
      const remove = { text: statements.removeDevices, values: [JSON.stringify(gone)] };
      const place = [uid, installation];
      return {
        queries: [
          ...(gone.length > 0 ? [remove] : []),
          {
            text: statements.putDevice,
            values: [...place, platform, locale ?? null, engine.clockValue()],
          },
          { text: statements.emptyDevice, values: place },
          { text: statements.putTargets, values: [JSON.stringify(targetRows(device))] },
        ],
        result: () => {},
      };
    });
  };
}

type Place = Pick<Device, 'uid' | 'installation'>;

/** Whatever had one of its values, and of this person the longest silent beyond the limit. */
function goneFor(device: Device, devices: readonly Row[], holders: readonly Row[]): Place[] {
  const isOther = (row: Row) => row.uid !== device.uid || row.installation !== device.installation;
  const isHolder = ({ uid, installation }: Row) =>
    holders.some((row) => row.uid === uid && row.installation === installation);
  const silent = devices
    .filter((row) => row.uid === device.uid && isOther(row) && !isHolder(row))
    .sort((one, other) => (other.seen_at as number) - (one.seen_at as number))
    .slice(DEVICES_MAX - 1);
  return [...devices.filter((row) => isOther(row) && isHolder(row)), ...silent].map(
    ({ uid, installation }) => ({
      uid: uid as UserId,
      installation: installation as InstallationId,
    }),
  );
}

const digestOf = ({ kind, value }: Pick<Target, 'kind' | 'value'>): string =>
  createHash('sha256').update(`${kind} ${value}`).digest('base64url');

const targetRows = ({ uid, installation, targets }: Device): RowOf<typeof TARGET>[] =>
  targets.map((target) => ({
    digest: digestOf(target),
    kind: target.kind,
    value: target.value,
    uid,
    installation,
    is_sandbox: target.isSandbox ?? false,
  }));

/** Out of a row of `deviceColumns`. */
export function deviceOf(row: Row): Device {
  const targets = JSON.parse((row.targets as string | null) ?? '[]') as [
    TargetKind,
    string,
    unknown,
  ][];
  return known<Device>({
    uid: row.uid as UserId,
    installation: row.installation as InstallationId,
    platform: row.platform as Platform,
    targets: targets
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([kind, value, isSandbox]) => ({
        kind,
        value,
        ...(Boolean(isSandbox) && { isSandbox: true }),
      })),
    locale: row.locale as string | null,
  });
}
