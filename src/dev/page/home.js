// The phone at rest: who is there, and the calls of before.
import { $, drawRows, element, write } from './dom.js';
import { icon } from './icons.js';
import { detailOf, everybody, face, firstNameOf, nameOf, namesOf } from './people.js';
import { hasPhone } from './pocket.js';
import { othersOf } from './scene.js';
import { outcomeOf, whenOf } from './words.js';

const CONNECTIONS = {
  connected: 'Online',
  connecting: 'Connecting …',
  stopped: 'Off',
  waiting: 'Offline; trying again',
};

function roundButton(name, label, onClick) {
  const button = element('button', { type: 'button', class: 'round', 'aria-label': label });
  button.append(icon(name));
  button.addEventListener('click', onClick);
  return button;
}

const tabOf = (uid) => `/?${new URLSearchParams({ user: uid })}`;

function personRow({ uid }, act) {
  const open = element(
    'a',
    { href: tabOf(uid), target: '_blank' },
    'open a tab',
    element('span', { class: 'unseen' }, ` as ${nameOf(uid)}`),
  );
  return element(
    'li',
    { class: 'person' },
    face(uid),
    element(
      'span',
      { class: 'text' },
      element('b', {}, nameOf(uid)),
      element('small', {}, element('span'), open),
    ),
    roundButton('call', `Call ${nameOf(uid)}`, () => act.place([uid], 'audio')),
    roundButton('video', `Video call with ${nameOf(uid)}`, () => act.place([uid], 'video')),
  );
}

function drawPerson(row, { uid }, { feeds, pocket }) {
  const open = feeds[uid] ?? 0;
  const tabs = open > 1 ? `Here, in ${open} tabs` : 'Here';
  row.classList.toggle('here', open > 0);
  write(
    row.querySelector('small span'),
    open > 0 ? tabs : hasPhone(pocket, uid) ? 'In the pocket:' : 'Not here:',
  );
  row.querySelector('small a').hidden = open > 0;
}

const isMissed = (call) =>
  call.me.role === 'callee' && ['missed', 'cancelled'].includes(call.outcome);

function recentRow(call, me, act) {
  const others = othersOf(call, me);
  const mine = call.me.role === 'caller';
  const way = isMissed(call) ? 'missed' : mine ? 'out' : 'in';
  const says = `${outcomeOf(call)} · ${whenOf(call.createdAt)}`;
  const show = element(
    'button',
    { type: 'button', class: 'text' },
    element('b', {}, namesOf(others, others.length > 1 ? firstNameOf : nameOf)),
    element('small', {}, icon(way), says),
    element('span', { class: 'unseen' }, ': show its life'),
  );
  show.addEventListener('click', () => act.showLife(call));
  return element(
    'li',
    { class: `person ${way}` },
    face(others.find((uid) => uid === call.caller) ?? others[0]),
    show,
    roundButton(call.kind === 'video' ? 'video' : 'call', `Call again: ${namesOf(others)}`, () =>
      act.place(others, call.kind),
    ),
  );
}

function drawOngoing(ongoing, me, act) {
  const call = ongoing?.call;
  drawRows($('ongoing'), call ? [ongoing] : [], {
    key: () => `${call.id} ${ongoing.isElsewhere}`,
    make() {
      const who = namesOf(othersOf(call, me), firstNameOf);
      const button = element(
        'button',
        { type: 'button', class: 'pill filled' },
        ongoing.isElsewhere ? 'Take over here' : 'Join',
      );
      const request = ongoing.isElsewhere ? { takeOver: true } : {};
      button.addEventListener('click', () => act.accept(call.id, request));
      const text = ongoing.isElsewhere
        ? `You talk with ${who} in another tab.`
        : `A call with ${who} is going on.`;
      return element('div', { class: 'banner' }, element('span', {}, text), button);
    },
  });
}

export function drawHome(phone) {
  const { me, history, next, connection, status, scene, deeds: act } = phone;
  if ($('me-face').childElementCount === 0) $('me-face').append(face(me));
  write($('me-name'), nameOf(me));
  write($('me-state'), CONNECTIONS[connection.state]);
  $('me-state').dataset.state = connection.state;
  $('context-row').hidden = status.ringAccess !== 'context';
  drawRows(
    $('people'),
    everybody().filter(({ uid }) => uid !== me),
    {
      key: ({ uid }) => uid,
      make: (person) => personRow(person, act),
      draw: (row, person) => drawPerson(row, person, phone),
    },
  );
  const ended = history.filter(({ state }) => state === 'ended');
  drawRows($('recent'), ended, {
    key: ({ id }) => id,
    make: (call) => recentRow(call, me, act),
  });
  $('no-recent').hidden = ended.length > 0;
  $('older').hidden = next === undefined;
  $('older').onclick = act.older;
  drawOngoing(scene.ongoing, me, act);
}

/** Everybody, as links that make this tab theirs. */
export function drawChoices(feeds, choose) {
  drawRows($('choices'), everybody(), {
    key: ({ uid }) => uid,
    make({ uid }) {
      const link = element(
        'a',
        { class: 'person choice', href: tabOf(uid) },
        face(uid),
        element('span', { class: 'text' }, element('b', {}, nameOf(uid)), element('small')),
      );
      link.addEventListener('click', (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        choose(uid);
      });
      return element('li', {}, link);
    },
    draw(row, { uid }) {
      const isTaken = feeds[uid] > 0;
      row.firstElementChild.classList.toggle('here', isTaken);
      write(row.querySelector('small'), isTaken ? 'in another tab' : detailOf(uid));
    },
  });
}
