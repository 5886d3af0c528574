// Rings and tones, made by the browser itself. It lets no page sound before somebody has touched it.

const CHIME = [659.26, 830.61, 987.77, 1318.51];
const CHIME_EVERY_MS = 2_400;
/** Whom one calls is being rung, as telephones in Europe say it. */
const RINGBACK = { hertz: 425, seconds: 1, everyMs: 5_000 };

let context;
let playing;
let repeating;
const listeners = new Set();

/** Whether a sound would be heard. */
export const isAudible = () => context?.state === 'running';

/** Tells when that changes. */
export const onAudible = (listener) => void listeners.add(listener);

function wake() {
  context ??= new AudioContext();
  if (context.state === 'running') return;
  void context
    .resume()
    .then(() => {
      for (const listener of listeners) listener();
    })
    .catch(() => {});
}

for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, wake, { capture: true });
// Where the browser trusts the page already.
if (navigator.userActivation?.hasBeenActive) wake();

function tone({ hertz, at, seconds, loudness, shape = 'sine', rings = true }) {
  const start = context.currentTime + at;
  const oscillator = new OscillatorNode(context, { type: shape, frequency: hertz });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(loudness, start + 0.015);
  if (rings) volume.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
  else volume.gain.setTargetAtTime(0, start + seconds - 0.05, 0.02);
  oscillator.connect(volume).connect(playing);
  oscillator.start(start);
  oscillator.stop(start + seconds + 0.2);
}

const SOUNDS = {
  ring: {
    everyMs: CHIME_EVERY_MS,
    play() {
      for (const round of [0, 0.62]) {
        CHIME.forEach((hertz, index) => {
          const at = round + index * 0.11;
          tone({ hertz, at, seconds: 0.9, loudness: 0.13 });
          tone({ hertz: hertz * 2, at, seconds: 0.35, loudness: 0.03 });
        });
      }
    },
  },
  ringback: {
    everyMs: RINGBACK.everyMs,
    play: () => tone({ ...RINGBACK, at: 0, loudness: 0.05, rings: false }),
  },
  over: {
    play() {
      for (const at of [0, 0.22]) tone({ hertz: 392, at, seconds: 0.16, loudness: 0.06 });
    },
  },
};
let current;

/** `ring`, `ringback`, `over`, or nothing; the same again goes on. */
export function sound(name) {
  if (name === current) return;
  current = name;
  clearInterval(repeating);
  playing?.disconnect();
  playing = undefined;
  if (name === undefined) return;
  const { everyMs, play } = SOUNDS[name];
  const now = () => {
    if (!isAudible()) return;
    if (playing === undefined) {
      playing = new GainNode(context);
      playing.connect(context.destination);
    }
    play();
  };
  now();
  if (everyMs !== undefined) repeating = setInterval(now, everyMs);
}

onAudible(() => {
  const name = current;
  if (SOUNDS[name]?.everyMs === undefined) return;
  sound(undefined);
  sound(name);
});
