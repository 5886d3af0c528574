// Phones in pockets: of everybody whose tab is closed. The server of development mode is their native
// code; here is the glass, and a finger on it.
import { $, drawRows, element, speak, write } from './dom.js';
import { icon } from './icons.js';
import { firstNameOf } from './people.js';
import { duration, refusalOf } from './words.js';

const ASK_EVERY_MS = 700;
const PUSHES_AT_MOST = 100;

export const ownerOf = ({ uid, name }) => `${firstNameOf(uid)}’s ${name}`;

/** Who is there and what is in pockets, over and over; and whenever what it answers is called. */
export function watchPocket(tell) {
  let pushes = [];
  let seen;
  const ask = async () => {
    if (document.hidden) return;
    const after = pushes.at(-1)?.number ?? 0;
    const response = await fetch(`/dev/pocket?after=${after}`).catch(() => undefined);
    if (!response?.ok) return;
    const pocket = await response.json();
    // Two questions at a time may bring the same.
    const known = pushes.at(-1)?.number ?? 0;
    const fresh = pocket.pushes.filter(({ number }) => number > known);
    pushes = [...pushes, ...fresh].slice(-PUSHES_AT_MOST);
    // What went out before this tab came is no news.
    seen = seen === undefined ? 0 : seen + fresh.length;
    tell(pocket.feeds, { phones: pocket.phones, pushes, seen });
  };
  setInterval(ask, ASK_EVERY_MS);
  document.addEventListener('visibilitychange', ask);
  return ask;
}

/** As an app does at each start: by which values its phone is reached. */
export async function registerPhones({ me, calls }) {
  const { phones } = await (await fetch('/dev/pocket')).json();
  for (const { uid, installationId, registration } of phones) {
    if (uid !== me) continue;
    const device = { ...registration, locale: navigator.language };
    await calls.registerDevice(installationId, device).catch(() => {});
  }
}

/** Whoever has a tab open has the phone in the hand. A locked tab is nobody's but its own. */
const isInPocket =
  ({ me, isLocked, feeds }) =>
  ({ uid, isRegistered }) => {
    if (!isRegistered || isLocked) return isRegistered && uid === me;
    return uid !== me && feeds[uid] === 0;
  };

/** Whether one of theirs would ring by push. */
export const hasPhone = ({ phones }, uid) =>
  phones.some((phone) => phone.uid === uid && phone.isRegistered);

/** By nothing but what the push has brought. */
async function byTicket({ phone, handset }, verb, body) {
  const { callId, ticket } = handset.screen.ring;
  phone.pocketSays = {};
  try {
    const response = await fetch(`${phone.status.callsPath}/${callId}/${verb}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ticket}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      const { error: message, code } = await response.json();
      throw { message, code };
    }
  } catch (error) {
    const says = refusalOf(error.code ? error : { code: 'network' });
    phone.pocketSays = { [handset.installationId]: says };
  }
  await phone.askPocket();
  phone.show();
}

function roundButton(name, tone, label, run) {
  const button = element('button', { type: 'button', class: `disc ${tone}`, 'aria-label': label });
  button.append(icon(name));
  button.addEventListener('click', run);
  return button;
}

function ringing(phone, handset) {
  const { installationId, screen } = handset;
  const { caller, kind } = screen.ring;
  const name = kind === 'video' ? 'video' : 'call';
  return [
    element('b', {}, caller ?? 'Somebody'),
    element('small', {}, kind === 'video' ? 'Video call' : 'Call', ' ', element('span')),
    element(
      'span',
      { class: 'answers' },
      roundButton('hangup', 'no', `Decline on ${ownerOf(handset)}`, () =>
        byTicket({ phone, handset }, 'decline', { reason: 'declined' }),
      ),
      roundButton(name, 'yes', `Accept on ${ownerOf(handset)}`, () =>
        byTicket({ phone, handset }, 'accept', { deviceId: installationId }),
      ),
    ),
  ];
}

function answered({ uid, installationId }) {
  const query = new URLSearchParams({ user: uid, device: installationId });
  return [
    element('b', {}, 'Answered'),
    element('small', {}, 'The seat is this phone’s.'),
    element('a', { href: `/?${query}`, target: '_blank', class: 'pill filled' }, 'Open the app'),
  ];
}

const locked = ({ screen: { missed } }) => [
  element('span', { class: 'clock' }),
  ...(missed
    ? [element('span', { class: 'notification' }, missed.body)]
    : [element('small', {}, 'locked')]),
];

function stateOf({ screen: { ring, missed } }) {
  if (ring?.isAccepted) return 'answered';
  if (ring) return 'rings';
  return missed ? 'missed' : 'idle';
}

function drawHandset(row, phone, handset) {
  const { ring, missed } = handset.screen;
  const state = stateOf(handset);
  const drawn = `${state} ${ring?.callId ?? ''} ${ring?.caller ?? ''} ${missed?.body ?? ''}`;
  const glass = row.querySelector('.glass');
  if (row.dataset.drawn !== drawn) {
    const hadFocus = glass.contains(document.activeElement);
    const makes = { rings: () => ringing(phone, handset), answered: () => answered(handset) };
    row.dataset.drawn = drawn;
    row.dataset.state = state;
    glass.replaceChildren(...(makes[state] ?? (() => locked(handset)))());
    // What was pressed is gone.
    if (hadFocus) (glass.querySelector('a, button') ?? row).focus({ preventScroll: true });
    if (state === 'rings') speak(`${ownerOf(handset)} rings.`);
  }
  if (state === 'rings') {
    const left = Math.max(0, Math.ceil((ring.endsAt - Date.now()) / 1000));
    write(glass.querySelector('small span'), duration(left));
  }
  const clock = glass.querySelector('.clock');
  if (clock) write(clock, new Date().toTimeString().slice(0, 5));
  write(row.querySelector('.refused'), phone.pocketSays[handset.installationId] ?? '');
}

export function drawPocket(phone) {
  const inPocket = phone.pocket.phones.filter(isInPocket(phone));
  const rings = inPocket.filter((handset) => stateOf(handset) === 'rings');
  $('pocket').hidden = inPocket.length === 0;
  $('further-pocket').hidden = rings.length === 0;
  if (rings[0]) write($('further-pocket-name'), `${ownerOf(rings[0])} rings`);
  drawRows($('handsets'), inPocket, {
    key: ({ installationId }) => installationId,
    make: (handset) =>
      element(
        'li',
        { class: 'handset', tabindex: '-1' },
        element('p', { class: 'whose' }, ownerOf(handset)),
        element('div', { class: 'glass' }),
        element('p', { class: 'refused', role: 'alert' }),
      ),
    draw: (row, handset) => drawHandset(row, phone, handset),
  });
}
