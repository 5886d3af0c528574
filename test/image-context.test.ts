// What the Dockerfile copies out of the repository has to get past .dockerignore, or no image is built.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const linesOf = (name: string): string[] =>
  readFileSync(new URL(`../${name}`, import.meta.url), 'utf8').split('\n');

it('lets into the image whatever the Dockerfile copies', () => {
  const copied = linesOf('Dockerfile')
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(' ').slice(1, -1));
  // All else is left out; a folder is let in by what is let in of it.
  const ignored = linesOf('.dockerignore');
  const letIn = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  expect(ignored).toContain('*');
  expect(copied).toContain('package.json');
  const leftOut = copied.filter(
    (name) => !letIn.some((path) => path === name || path.startsWith(`${name}/`)),
  );
  expect(leftOut).toEqual([]);
});
