import { randomBytes } from 'node:crypto';

const PROCESS = randomBytes(6).toString('base64url');
let count = 0;

/** Unique over processes and cheap: a random prefix for the process and a running number. */
export function nextRequestId(): string {
  count += 1;
  return `${PROCESS}-${count.toString(36)}`;
}
