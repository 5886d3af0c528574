// The demo users: what they are called, how they look, and who of them is there.
import { element } from './dom.js';

let users = [];

export function knowUsers(all) {
  users = all;
}

export const everybody = () => users;
export const isUser = (uid) => users.some((user) => user.uid === uid);
const userOf = (uid) => users.find((user) => user.uid === uid);

/** As in an address book; without an entry it is the uid. */
export const nameOf = (uid) => userOf(uid)?.name ?? uid;
export const firstNameOf = (uid) => nameOf(uid).split(' ')[0];
export const detailOf = (uid) => {
  const { email, phone_number: phone } = userOf(uid) ?? {};
  return email ?? phone ?? uid;
};

/** "Bob and Carol" */
export function namesOf(uids, name = nameOf) {
  const names = uids.map((uid) => name(uid));
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

const COLOURS = 5;

/** A round picture: the initial on the person's own colour. */
export function face(uid) {
  const at = users.findIndex((user) => user.uid === uid);
  const [initial = '?'] = nameOf(uid);
  return element(
    'span',
    { class: `face colour-${Math.max(0, at) % COLOURS}`, 'aria-hidden': 'true' },
    initial.toUpperCase(),
  );
}

const ASK_EVERY_MS = 2_000;

/** Tells how many feeds each has open, now and whenever it may have changed, until it is stopped. */
export function watchPresence(tell) {
  const ask = async () => {
    if (document.hidden) return;
    const response = await fetch('/dev/presence').catch(() => undefined);
    if (response?.ok) tell(await response.json());
  };
  void ask();
  const asking = setInterval(ask, ASK_EVERY_MS);
  document.addEventListener('visibilitychange', ask);
  return () => {
    clearInterval(asking);
    document.removeEventListener('visibilitychange', ask);
  };
}
