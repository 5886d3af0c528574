// The library: the whole house, with calls in it.
import { type Clock, systemClock } from './base/clock.ts';
import { checkNode } from './base/version.ts';
import { createCallsPart } from './compose/calls.ts';
import { type Composition, createHouse, type Switchboard } from './compose/house.ts';
import type { SwitchboardOptions } from './settings/options.ts';

/**
 * Makes the call backend, to be mounted in a server of the host's. Synchronous and without any
 * input or output; the handler works at once.
 *
 * @throws TypeError that names every option that is wrong.
 * @example
 * const switchboard = createSwitchboard({
 *   firebaseProjectId: 'my-project',
 *   livekitApiKey: process.env.LIVEKIT_API_KEY,
 *   livekitApiSecret: process.env.LIVEKIT_API_SECRET,
 * });
 * app.use('/api/calls', switchboard.handler);
 */
export function createSwitchboard(options: SwitchboardOptions): Switchboard {
  checkNode();
  return compose(options, systemClock).switchboard;
}

/** {@link createSwitchboard} with its clock. */
export const compose = (options: SwitchboardOptions, clock: Clock): Composition =>
  createHouse(options, { clock, createCalls: createCallsPart });
