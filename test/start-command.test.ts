import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

it('npm start, the container and Render start the server by the same command', () => {
  const command = /^exec (node .* dist\/cli\.js serve)$/.exec(
    JSON.parse(read('package.json')).scripts.start,
  )?.[1];
  expect(command).toBeDefined();
  const inContainer = /^CMD (\[.*\])$/m.exec(read('Dockerfile'))?.[1] ?? '[]';
  expect(JSON.parse(inContainer).join(' ')).toBe(command);
  expect(/^ *startCommand: (.*)$/m.exec(read('render.yaml'))?.[1]).toBe(command);
});
