/** The element of this id. */
export const $ = (id) => document.getElementById(id);

/** An element with its attributes and children; strings become text, never markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Sets a text where it is another, so that what is read aloud is not read again. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Makes the children those of `rows`, each under its key: an element that is there stays where it is,
 * with its focus, and is drawn anew.
 */
export function drawRows(parent, rows, { key, make, draw = () => {} }) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let at = parent.firstElementChild;
  for (const row of rows) {
    const name = key(row);
    const child = there.get(name) ?? make(row);
    child.dataset.key = name;
    there.delete(name);
    draw(child, row);
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  for (const child of there.values()) child.remove();
}

/** For whoever does not see the page. */
export const speak = (sentence) => write(document.getElementById('spoken'), sentence);
