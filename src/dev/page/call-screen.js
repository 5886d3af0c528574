// The phone in a call: being rung, ringing, talking, over.
import { $, drawRows, element, write } from './dom.js';
import { icon } from './icons.js';
import { everybody, face, firstNameOf, nameOf, namesOf } from './people.js';
import { peopleIn } from './room.js';
import { othersOf } from './scene.js';
import { drawTiles } from './tiles.js';
import { duration, overOf, SEATED } from './words.js';

const FACES_AT_MOST = 3;
const WAITS = {
  ringing: 'ringing …',
  joining: 'connecting …',
  joined: 'connection lost',
  lost: 'connection lost',
};

const otherParties = (call, me) => call.parties.filter(({ uid }) => uid !== me);

/** Who is in it or is rung, by the server's word, with what LiveKit brings of them. */
function tilesOf(call, me, room) {
  const present = new Map((room ? peopleIn(room) : []).map((person) => [person.uid, person]));
  const own = present.get(me);
  const isTalk = call.state === 'active';
  const others = otherParties(call, me)
    .filter(({ state }) => isTalk && (SEATED.includes(state) || state === 'ringing'))
    .map(({ uid, state }) => ({
      uid,
      name: nameOf(uid),
      isWaiting: state === 'ringing',
      // Without a room this tab knows of nobody's connection.
      says: state === 'ringing' || (room && !present.has(uid)) ? WAITS[state] : undefined,
      ...present.get(uid),
    }));
  return own?.video ? [own, ...others] : others;
}

/** `others`: their tiles. A single one has no caption of its own. */
function doingOf({ name, call }, me, others) {
  const kind = call.kind === 'video' ? 'Video call' : 'Call';
  switch (name) {
    case 'out':
      return `${outOf(call)} … ${duration(secondsSince(call.createdAt))}`;
    case 'in': {
      const others = othersOf(call, me).filter((uid) => uid !== call.caller);
      const along = others.length > 0 ? `, with ${namesOf(others)}` : '';
      return `${kind} for you${along}`;
    }
    case 'talk': {
      const only = others.length === 1 ? others[0] : {};
      const words = [duration(secondsSince(call.activeAt)), only.says, only.isMuted && 'muted'];
      return words.filter(Boolean).join(' · ');
    }
    default:
      return overOf(call, me);
  }
}

/** By the server's word: whether a phone has said that it rings, and whether one could. */
function outOf({ parties, reach }) {
  if (parties.some(({ isAlerting }) => isAlerting)) return 'Ringing';
  return reach === 0 ? 'Nobody can hear it' : 'Calling';
}

const secondsSince = (iso) => Math.max(0, (Date.now() - Date.parse(iso ?? new Date())) / 1000);

function buttonsOf({ scene: { name, call }, me, isInviting }, room, act) {
  const local = room?.localParticipant;
  const microphone = {
    key: 'microphone',
    label: 'Mic',
    name: 'Mic: your microphone',
    isOn: local?.isMicrophoneEnabled ?? false,
    isOff: local === undefined,
    run: () => act.toggle('microphone'),
  };
  const camera = {
    ...microphone,
    key: 'video',
    label: 'Camera',
    name: 'Camera',
    isOn: local?.isCameraEnabled ?? false,
    run: () => act.toggle('camera'),
  };
  const hangUp = { key: 'hangup', label: 'Hang up', tone: 'no', run: () => act.leave(call.id) };
  switch (name) {
    case 'out':
      return [microphone, camera, hangUp];
    case 'in':
      return [
        { key: 'hangup', label: 'Decline', tone: 'no', run: () => act.decline(call.id) },
        {
          key: call.kind === 'video' ? 'video' : 'call',
          label: 'Accept',
          tone: 'yes',
          run: () => act.accept(call.id),
        },
      ];
    case 'talk': {
      const isAll = call.isGroup && call.caller === me;
      const invite = {
        key: 'invite',
        label: 'Invite',
        isOpen: isInviting,
        isOff: freeOf(call, me).length === 0,
        run: act.showInvite,
      };
      const end = {
        key: 'close',
        label: 'End all',
        name: 'End all: for everybody',
        run: () => act.end(call.id),
      };
      return [microphone, camera, invite, ...(isAll ? [end] : []), hangUp];
    }
    default:
      return [
        { key: 'close', label: 'Done', run: act.done },
        {
          key: call.kind === 'video' ? 'video' : 'call',
          label: 'Call again',
          tone: 'yes',
          run: () => act.place(othersOf(call, me), call.kind),
        },
      ];
  }
}

function drawButtons(phone, room, act) {
  drawRows($('buttons'), buttonsOf(phone, room, act), {
    key: ({ key, label }) => `${key} ${label}`,
    make({ key, label, name, tone }) {
      const button = element('button', { type: 'button', 'aria-label': name });
      button.append(
        element('span', { class: `disc ${tone ?? ''}` }, icon(key)),
        element('span', { class: 'label' }, label),
      );
      return button;
    },
    draw(button, { isOn, isOff, isOpen, run }) {
      if (isOn !== undefined) button.setAttribute('aria-pressed', String(isOn));
      if (isOpen !== undefined) button.setAttribute('aria-expanded', String(isOpen));
      button.disabled = isOff === true;
      button.onclick = run;
    },
  });
}

/** Who could be invited. */
function freeOf(call, me) {
  const inIt = call.parties
    .filter(({ state }) => SEATED.includes(state) || state === 'ringing')
    .map(({ uid }) => uid);
  return everybody().filter(({ uid }) => uid !== me && !inIt.includes(uid));
}

function drawInvite({ scene: { call, name }, me, isInviting }, act) {
  const free = freeOf(call, me);
  const isShown = name === 'talk' && isInviting && free.length > 0;
  $('invite').hidden = !isShown;
  drawRows($('invitable'), isShown ? free : [], {
    key: ({ uid }) => uid,
    make({ uid }) {
      const button = element('button', { type: 'button', class: 'pill filled' }, 'Ring');
      button.setAttribute('aria-label', `Ring ${nameOf(uid)}`);
      button.addEventListener('click', () => act.invite(call.id, uid));
      const text = element('span', { class: 'text' }, element('b', {}, nameOf(uid)));
      return element('li', { class: 'person' }, face(uid), text, button);
    },
  });
}

/** As every panel that opens over something else. */
export function closeInvite(phone) {
  const close = () => {
    phone.isInviting = false;
    phone.show();
  };
  addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || !phone.isInviting) return;
    close();
    $('buttons').querySelector('[aria-expanded]')?.focus();
  });
  addEventListener('click', ({ target }) => {
    if (phone.isInviting && !target.closest('#invite, [aria-expanded]')) close();
  });
}

/** Another call that rings while one talks. */
function drawKnock({ call, knock }, act) {
  drawRows($('knock'), knock ? [knock] : [], {
    key: ({ id }) => id,
    make({ id, caller }) {
      const button = (label, run) => {
        const made = element('button', { type: 'button', class: 'pill' }, label);
        made.addEventListener('click', run);
        return made;
      };
      return element(
        'div',
        { class: 'banner' },
        element('span', {}, `${firstNameOf(caller)} calls.`),
        button('Decline', () => act.decline(id)),
        button('Leave and accept', () => act.accept(id, { instead: call.id })),
      );
    },
  });
}

/** Whose call it is, by name: who is in it or is rung, once one talks. */
function shownOf({ name, call }, me, there) {
  if (name === 'in') return [call.caller];
  return name === 'talk' && there.length > 0 ? there.map(({ uid }) => uid) : othersOf(call, me);
}

export function drawCallScreen(phone) {
  const { me, scene, talk, deeds: act } = phone;
  const { name, call } = scene;
  const room = talk.callId() === call.id ? talk.room() : undefined;
  const people = name === 'out' || name === 'talk' ? tilesOf(call, me, room) : [];
  $('screen-call').dataset.scene = name;
  const there = people.filter(({ uid }) => uid !== me);
  const shown = shownOf(scene, me, there);
  $('stage').dataset.others = String(there.length);
  $('stage').classList.toggle('group', there.length > 1);
  drawTiles($('stage'), people);
  drawRows($('call-faces'), name === 'talk' ? [] : shown.slice(0, FACES_AT_MOST), {
    key: (uid) => uid,
    make: face,
  });
  write($('call-who'), namesOf(shown, shown.length > 1 ? firstNameOf : nameOf));
  write($('call-doing'), doingOf(scene, me, there));
  drawKnock(scene, act);
  drawInvite(phone, act);
  drawButtons(phone, room, act);
}
