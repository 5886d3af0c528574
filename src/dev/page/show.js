// Brings the page up to what is: the screen, what it has to say, the sound, the title.
import { drawCallScreen } from './call-screen.js';
import { $, element, speak } from './dom.js';
import { drawHome } from './home.js';
import { drawLock } from './lock.js';
import { firstNameOf, namesOf } from './people.js';
import { drawPocket } from './pocket.js';
import { drawPushes } from './pushes.js';
import { othersOf, sceneOf } from './scene.js';
import { isAudible, sound } from './sound.js';
import { blink } from './title.js';
import { overOf } from './words.js';

/** No browser plays a sound before somebody has used the page. */
const SILENT = 'Silent until you touch the page.';
const INTERRUPTED = 'LiveKit is out of reach; trying again.';
const SOUNDS = { in: 'ring', out: 'ringback', over: 'over' };

const SCREENS = ['screen-home', 'screen-call', 'screen-locked'];

function screenOf({ isLocked, scene }) {
  if (isLocked) return 'screen-locked';
  return scene.name === 'home' ? 'screen-home' : 'screen-call';
}

export function show(phone) {
  const scene = sceneOf(phone);
  const before = phone.scene;
  phone.scene = scene;
  const isOther = before?.name !== scene.name || before.call?.id !== scene.call?.id;
  if (isOther) phone.isInviting = false;
  const screen = $(screenOf(phone));
  for (const id of SCREENS) $(id).hidden = $(id) !== screen;
  drawHome(phone);
  drawLock();
  drawPocket(phone);
  drawPushes(phone);
  if (scene.call) drawCallScreen(phone);
  drawNotices(phone, screen);
  ring(scene);
  if (isOther) onScene(phone, screen);
}

function drawNotices({ refusal, talk, scene, status }, screen) {
  const told = [status.callsOff ? `Calls are ${status.callsOff}.` : refusal];
  if (scene.name === 'out' || scene.name === 'talk') {
    // Whoever has just been refused a microphone need not read that there is none.
    if (refusal === undefined) told.push(talk.note());
    const room = talk.room();
    if (room && room.state !== 'connected') told.push(INTERRUPTED);
    else if (room?.canPlaybackAudio === false) told.push(SILENT);
  }
  if (scene.name === 'in' && !isAudible()) told.push(SILENT);
  const notes = told.filter(Boolean);
  for (const box of document.querySelectorAll('.phone .notices')) {
    const mine = screen.contains(box) ? notes : [];
    // What is there already must not be read aloud again.
    if (box.textContent === mine.join('')) continue;
    box.replaceChildren(...mine.map((text) => element('p', {}, text)));
  }
}

function ring({ name, call, knock }) {
  const calling = name === 'in' ? call : knock;
  blink(calling && `📞 ${firstNameOf(calling.caller)} calls`);
  $('knocking').hidden = calling === undefined;
  sound(SOUNDS[name]);
}

/** Whoever works by keyboard goes along, unless they are at something else. */
function onScene({ me, scene, life }, screen) {
  const { name, call } = scene;
  if (call) life.show(call);
  if (name === 'in') speak(`${namesOf([call.caller])} calls.`);
  if (name === 'in' || name === 'out') $('phone').scrollIntoView({ block: 'nearest' });
  if (name === 'talk') speak(`You talk with ${namesOf(othersOf(call, me))}.`);
  if (name === 'over') speak(`The call is over. ${overOf(call, me)}.`);
  if (name === 'home') speak('');
  const { activeElement } = document;
  const isFree = activeElement === document.body || $('phone').contains(activeElement);
  if (isFree) screen.querySelector('h2').focus({ preventScroll: true });
}
