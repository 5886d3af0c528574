// The phone: the client's news come in here, and everything that is seen comes of them.
import { createCallsClient } from '/dev/client.js';
import { idTokensOf } from './ask.js';
import { closeInvite } from './call-screen.js';
import { deedsOf, enter, loadHistory } from './deeds.js';
import { createLife } from './life.js';
import { createLock } from './lock.js';
import { firstNameOf } from './people.js';
import { watchPocket } from './pocket.js';
import { show } from './show.js';
import { onAudible } from './sound.js';
import { createTalk } from './talk.js';
import { titleIs } from './title.js';

const CLOCK_MS = 500;

/** `device`: the phone on which the app is opened; undefined: a tab of its own. */
export function startPhone({ me, device, status }) {
  const calls = createCallsClient({
    baseUrl: status.callsPath,
    getIdToken: idTokensOf(me),
    ...(device && { deviceId: device, installationId: device }),
  });
  const phone = {
    me,
    status,
    calls,
    life: createLife({ me, rules: status.rules }),
    live: new Map(),
    /** By this tab: their end needs no telling. */
    hungUp: new Set(),
    /** The last that has ended. */
    ended: undefined,
    /** What has ended on the screen, and is still to be seen. */
    over: undefined,
    history: [],
    next: undefined,
    feeds: {},
    pocket: { phones: [], pushes: [] },
    /** What was refused there, by phone. */
    pocketSays: {},
    isLocked: false,
    /** Which this tab has said that it rings for. */
    alerted: new Set(),
    connection: { state: 'connecting' },
    refusal: undefined,
    isInviting: false,
    isEntering: false,
    scene: undefined,
    show: () => show(phone),
  };
  phone.talk = createTalk({
    changed: phone.show,
    line: (callId, text) => phone.life.line(callId, 'LiveKit', text),
    lost: (callId, tries) =>
      void enter(phone, () => calls.accept(callId), { tries, isQuiet: true }),
  });
  phone.deeds = deedsOf(phone);

  titleIs(`${firstNameOf(me)} · Switchboard`);
  if (status.callsOff === undefined) createLock(phone, () => listen(phone));
  else phone.connection = { state: 'stopped' };
  phone.askPocket = watchPocket((feeds, pocket) => {
    Object.assign(phone, { feeds, pocket });
    phone.show();
  });
  void phone.askPocket();
  closeInvite(phone);
  onAudible(phone.show);
  setInterval(phone.show, CLOCK_MS);
}

function listen(phone) {
  const stops = [
    phone.calls.onConnection((connection) => {
      phone.connection = connection;
      phone.show();
    }),
    phone.calls.onCall((update) => onCall(phone, update)),
  ];
  void loadHistory(phone);
  return () => {
    for (const stop of stops) stop();
  };
}

function onCall(phone, update) {
  const { calls, talk, live, hungUp } = phone;
  const { call, isHere } = update;
  phone.life.tell(update);
  const isMine = talk.callId() === call.id;
  if (call.state === 'ended') {
    live.delete(call.id);
    phone.ended = call;
    if (isMine && !hungUp.has(call.id)) phone.over = call;
    void loadHistory(phone);
  } else {
    live.set(call.id, update);
    // A reload in the middle of a call: back into it.
    if (isHere && !isMine && !hungUp.has(call.id)) {
      void enter(phone, () => calls.accept(call.id), { isQuiet: true });
    }
  }
  if (isMine && !isHere) talk.leave();
  if (update.rings && !phone.alerted.has(call.id)) {
    phone.alerted.add(call.id);
    // Where it fails, the caller reads "calling" for longer.
    calls.alerting(call.id).catch(() => {});
  }
  phone.show();
}
