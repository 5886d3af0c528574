// The connection to Firestore. One that the network has silently dropped is believed in for a
// quarter of an hour by default, and every question hangs.
import type { Firestore } from 'firebase-admin/firestore';
import type { Clock } from '../base/clock.ts';

/** No answer to anything for so long: another connection is tried. */
const LOST_AFTER_MS = 10_000;

/** Makes the SDK notice within 15 s, and try again soon. */
const KEEP_ALIVE = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.max_reconnect_backoff_ms': 5_000,
};

/** To be called before the first question, and only for an instance of our own: it can be done once. */
export function keepAlive(firestore: Firestore): void {
  firestore.settings({ grpcOptions: KEEP_ALIVE });
}

export interface Way {
  /** Whom to ask. */
  current(): Firestore;
  watch<T>(question: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Asks this instance, and, once its connection seems to be lost, one of our own with the same
 * settings beside it: the instance is the host's, and closing it would end the host's own work.
 */
export function createWay(firestore: Firestore, clock: Clock): Way {
  let spare: Firestore | undefined;
  let answeredAt = clock.monotonic();

  const suspect = (askedAt: number) => {
    if (answeredAt < askedAt) spare ??= spareOf(firestore);
  };

  return {
    current: () => spare ?? firestore,
    async watch(question) {
      const askedAt = clock.monotonic();
      const cancel =
        spare === undefined ? clock.after(LOST_AFTER_MS, () => suspect(askedAt)) : noop;
      try {
        return await question();
      } finally {
        // An error is an answer too: somebody was there, or the SDK knows that nobody is.
        answeredAt = clock.monotonic();
        cancel();
      }
    },
    close: async () => spare?.terminate(),
  };
}

const noop = () => {};

/** Undefined where the settings can't be seen; the SDK then has to notice by itself. */
function spareOf(firestore: Firestore): Firestore | undefined {
  const { _settings: settings, constructor: Own } = firestore as unknown as {
    _settings?: { grpcOptions?: object };
    constructor: new (settings: object) => Firestore;
  };
  if (settings === undefined) return undefined;
  const grpcOptions = { ...settings.grpcOptions, ...KEEP_ALIVE };
  return new Own({ ...settings, grpcOptions });
}
