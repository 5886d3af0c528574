// The id of a Firebase project, and what people take for it.

/**
 * https://cloud.google.com/resource-manager/docs/creating-managing-projects; the domain in front is
 * of older projects of organisations.
 */
const FORM = /^(?:[a-z\d-]+(?:\.[a-z\d-]+)+:)?[a-z][a-z\d-]{4,28}[a-z\d]$/;
const SHORT = 6;
const LONG = 30;
const NEEDED =
  `must be the id of a Firebase project (${SHORT} to ${LONG} lower-case letters, digits and hyphens: ` +
  'Firebase console, Project settings)';

type Look = readonly [look: RegExp, what: string];

const LOOKS: readonly Look[] = [
  [/^\d+$/, 'is its number'],
  [/^\d+:\d+:\w+:\w+$/, 'is the id of an app'],
  [/^AIza[\w-]{20,}$/, 'is an API key'],
  [/\.apps\.googleusercontent\.com$/i, 'is an OAuth client'],
  [/^https?:\/\/console\.|\/project\//i, 'is the address of a page of the console'],
  [/@/, 'is an e-mail address'],
  [/^[\s"']*projectId["']?\s*:/, 'is a line of a configuration: put the id alone, without quotes'],
  [/^projects\//, 'is the name of a resource: the id stands behind projects/'],
  [/^[{[]/, 'is JSON'],
];

const HOSTS =
  /^(?:https?:\/\/)?([\w-]+?)(?:-default-rtdb)?\.(?:firebaseapp\.com|web\.app|firebaseio\.com|appspot\.com|firebasestorage\.app|[\w-]+\.firebasedatabase\.app)\/?$/i;

export function faultOfProjectId(value: string): string | undefined {
  if (FORM.test(value)) return undefined;
  const [, ofHost] = HOSTS.exec(value) ?? [];
  if (ofHost !== undefined) {
    const mayBe = FORM.test(ofHost) ? `: ${ofHost} is meant?` : '';
    return `${NEEDED}, and this is a host of it${mayBe}`;
  }
  const what = LOOKS.find(([look]) => look.test(value))?.[1];
  if (what !== undefined) return `${NEEDED}, and this ${what}`;
  if (/[\s!'"]/.test(value)) return `${NEEDED}, and this is its display name`;
  if (/[A-Z]/.test(value) && FORM.test(value.toLowerCase())) {
    return `${NEEDED}, and this has capitals: it is the display name?`;
  }
  return `${NEEDED}, and this is none`;
}
