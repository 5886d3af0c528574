// LiveKit's keys rotate: LiveKit learns the new pair, our server signs with it, the old one goes.
import { expect, it } from 'vitest';
import { startBackend } from './backend.ts';
import { knock } from './clients.ts';
import { endings } from './endings.ts';
import { type KeyPairs, startLiveKit } from './livekit.ts';

const OLD = {
  LIVEKIT_API_KEY: 'key-of-2025',
  LIVEKIT_API_SECRET: 'the-secret-of-2025-at-least-32-characters',
};
const NEW = {
  LIVEKIT_API_KEY: 'key-of-2026',
  LIVEKIT_API_SECRET: 'the-secret-of-2026-at-least-32-characters',
};
const pairsOf = (...all: (typeof OLD)[]): KeyPairs =>
  Object.fromEntries(all.map((one) => [one.LIVEKIT_API_KEY, one.LIVEKIT_API_SECRET]));
const GRACE = { uid: 'grace', roomName: 'door' };
const keep = endings();

it('nobody is shut out while keys rotate, and the old key opens nothing afterwards', async () => {
  const both = keep(await startLiveKit(pairsOf(OLD, NEW)));
  const before = keep(await startBackend(both, OLD));
  const after = keep(await startBackend(both, NEW));

  const oldToken = await before.tokenFor(GRACE);
  expect(await knock(both.url, oldToken)).toBe('joined');
  expect(await knock(both.url, await after.tokenFor(GRACE))).toBe('joined');

  await both.stop();
  const newAlone = keep(await startLiveKit(pairsOf(NEW), both.ports));
  expect(await knock(newAlone.url, oldToken)).toBe('401');
  expect(await knock(newAlone.url, await before.tokenFor(GRACE))).toBe('401');
  expect(await knock(newAlone.url, await after.tokenFor(GRACE))).toBe('joined');
});
