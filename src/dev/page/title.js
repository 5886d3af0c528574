// The page's title: who one is, and while it rings who calls, in turns.

const EVERY_MS = 1_000;
let plain = document.title;
let calling;
let blinking;

export function titleIs(text) {
  plain = text;
  if (calling === undefined) document.title = text;
}

/** Blinks with this sentence; undefined: no more. */
export function blink(sentence) {
  if (sentence === calling) return;
  calling = sentence;
  clearInterval(blinking);
  document.title = calling ?? plain;
  if (calling === undefined) return;
  blinking = setInterval(() => {
    document.title = document.title === plain ? calling : plain;
  }, EVERY_MS);
}
