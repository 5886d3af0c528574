import type { CallStore } from '../calls/store.ts';
import type { DeviceStore, RingStore } from '../ringing/store.ts';

/** All that is kept: calls, devices, and which of them rings for which call. */
export type Store = CallStore & DeviceStore & RingStore;
/** What an engine has a way of its own for. */
export type Life = 'open' | 'close' | 'fault';
