// What the person can do, each a request of the client. A refusal is said once, on the screen that is
// seen, until the next thing is done.
import { $ } from './dom.js';
import { refusalOf } from './words.js';

const HISTORY_PAGE = 20;
/** Nobody is heard for longer than this after hanging up. */
const HANG_UP_MS = 500;

async function attempt(phone, run, { isQuiet = false } = {}) {
  phone.refusal = undefined;
  let isDone = true;
  try {
    await run();
  } catch (error) {
    isDone = false;
    if (!isQuiet) phone.refusal = refusalOf(error);
  }
  phone.show();
  return isDone;
}

/** Into a call by `ask`, which answers with the way into its room. */
export async function enter(phone, ask, { tries, isQuiet } = {}) {
  if (phone.isEntering) return;
  phone.isEntering = true;
  const run = async () => {
    const entry = await ask();
    const { id } = entry.call;
    phone.over = undefined;
    phone.hungUp.delete(id);
    if (phone.live.has(id)) phone.talk.enter(entry, tries);
    // Busy at once, or over before the answer came.
    else phone.over = phone.ended?.id === id ? phone.ended : undefined;
  };
  await attempt(phone, run, { isQuiet });
  phone.isEntering = false;
}

export async function loadHistory(phone, after) {
  try {
    const page = await phone.calls.history({ limit: HISTORY_PAGE, ...(after && { after }) });
    phone.history = after ? [...phone.history, ...page.calls] : page.calls;
    phone.next = page.next;
  } catch (error) {
    phone.refusal ??= refusalOf(error);
  }
  phone.show();
}

export function deedsOf(phone) {
  const { calls, talk, status } = phone;
  /** The server first: else it would take the end of the connection for a lost one. */
  const hangUp = async (callId, by) => {
    phone.hungUp.add(callId);
    const asked = attempt(phone, () => by(callId)).then((isDone) => {
      // Still in it, by the server's word.
      if (!isDone) phone.hungUp.delete(callId);
    });
    phone.show();
    await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, HANG_UP_MS))]);
    if (talk.callId() === callId) talk.leave();
  };
  return {
    place(callees, kind) {
      const context = status.ringAccess === 'context' ? { context: $('context').value } : {};
      return enter(phone, () => calls.place({ callees, kind, ...context }));
    },
    accept: (callId, request) => enter(phone, () => calls.accept(callId, request)),
    decline: (callId) => attempt(phone, () => calls.decline(callId)),
    leave: (callId) => hangUp(callId, calls.leave),
    end: (callId) => hangUp(callId, calls.end),
    invite(callId, uid) {
      phone.isInviting = false;
      return attempt(phone, () => calls.invite(callId, [uid]));
    },
    toggle: (device) => attempt(phone, () => talk.toggle(device)),
    showInvite() {
      phone.isInviting = !phone.isInviting;
      phone.show();
    },
    done() {
      phone.over = undefined;
      phone.show();
    },
    showLife: (call) => phone.life.show(call),
    older: () => loadHistory(phone, phone.next),
  };
}
