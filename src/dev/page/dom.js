/** The element of this id. */
export const $ = (id) => document.getElementById(id);

/** An element with its attributes and children; strings become text, never markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Spoken by a screen reader too. What went wrong stays; all else fades after a while. */
export function say(sentence, { bad = false } = {}) {
  const status = $('status');
  status.textContent = sentence;
  status.classList.toggle('bad', bad);
  status.classList.remove('fading');
  // Asking for the layout lets the animation begin anew.
  void status.offsetWidth;
  status.classList.toggle('fading', !bad);
}
