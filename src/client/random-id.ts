// UUIDs where there may be no crypto: React Native has none of its own, and browsers offer
// randomUUID to secure pages only.

interface Crypto {
  randomUUID?(): string;
  getRandomValues?(bytes: Uint8Array): Uint8Array;
}

/** A UUID of version 4 in small letters. It has to be unique; whoever guesses it gains nothing. */
export function randomId(
  crypto: Crypto | undefined = (globalThis as { crypto?: Crypto }).crypto,
): string {
  if (crypto?.randomUUID !== undefined) return crypto.randomUUID();
  const bytes = new Uint8Array(16);
  if (crypto?.getRandomValues !== undefined) crypto.getRandomValues(bytes);
  else for (let index = 0; index < 16; index++) bytes[index] = Math.random() * 256;
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
