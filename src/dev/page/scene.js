// Which of the calls is on the screen, and as what.
import { SEATED } from './words.js';

export const othersOf = (call, me) =>
  call.parties.map(({ uid }) => uid).filter((uid) => uid !== me);

/** A call that this person could come into, and that does not ring. */
function ongoingOf({ call, isHere }) {
  if (isHere) return undefined;
  if (SEATED.includes(call.me.state)) return { call, isElsewhere: true };
  const isOpen = call.isGroup && call.state === 'active' && call.me.state !== 'ringing';
  return isOpen ? { call, isElsewhere: false } : undefined;
}

/** `home`, `in` (it rings), `out` (it rings there), `talk`, `over`. */
export function sceneOf({ live, hungUp, over }) {
  const all = [...live.values()];
  const here = all.find(({ call, isHere }) => isHere && !hungUp.has(call.id));
  const ringing = all.find(({ rings }) => rings);
  if (here) {
    const { call } = here;
    return { name: call.state === 'ringing' ? 'out' : 'talk', call, knock: ringing?.call };
  }
  if (ringing) return { name: 'in', call: ringing.call };
  if (over) return { name: 'over', call: over };
  return { name: 'home', ongoing: all.map(ongoingOf).find(Boolean) };
}
