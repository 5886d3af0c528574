// Before anything runs: what the suite cannot do without.
import { liveKitBinary } from './livekit.ts';

export function setup(): void {
  liveKitBinary();
}
