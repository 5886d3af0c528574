// A tab that goes into the pocket and stays: without a stream, as an app that the system has killed.
import { $, write } from './dom.js';
import { icon } from './icons.js';
import { registerPhones } from './pocket.js';

/** `listen` opens the stream, and answers with what closes it. */
export function createLock(phone, listen) {
  let stop = listen();
  void registerPhones(phone).catch(() => {});
  $('lock').onclick = () => {
    stop();
    phone.live.clear();
    phone.isLocked = true;
    phone.show();
    $('unlock').focus();
  };
  $('unlock').onclick = () => {
    phone.isLocked = false;
    stop = listen();
    void registerPhones(phone).catch(() => {});
    phone.show();
    $('lock').focus();
  };
  $('unlock').firstElementChild.replaceChildren(icon('unlock'));
  $('lock').replaceChildren(icon('lock'));
  $('lock').title = 'Lock: into the pocket';
  $('lock').hidden = false;
}

export function drawLock() {
  write($('locked-time'), new Date().toTimeString().slice(0, 5));
}
