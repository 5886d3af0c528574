import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

it('npm start, the container and Render start the server by the same command', () => {
  // On Windows there is no `exec`, and what follows `||` runs; elsewhere nothing comes back from it.
  const command = /^exec (node .* dist\/cli\.js serve) \|\| \1$/.exec(
    JSON.parse(read('package.json')).scripts.start,
  )?.[1];
  expect(command).toBeDefined();
  const inContainer = /^CMD (\[.*\])$/m.exec(read('Dockerfile'))?.[1] ?? '[]';
  expect(JSON.parse(inContainer).join(' ')).toBe(command);
  expect(/^ *startCommand: (.*)$/m.exec(read('render.yaml'))?.[1]).toBe(command);
});

it('Render asks for what the rules for rooms, pushes and webhooks need, and names what it costs', () => {
  const asked = [...read('render.yaml').matchAll(/- key: (\w+)\n *sync: false/g)].map(
    ([, key]) => key,
  );
  expect(asked).toEqual(
    expect.arrayContaining([
      ...['FIREBASE_PROJECT_ID', 'LIVEKIT_URL', 'LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET'],
      ...['ROOM_ACCESS', 'FIRESTORE_ROOM_PATH', 'FIREBASE_SERVICE_ACCOUNT'],
      ...['ACCESS_URL', 'ACCESS_SECRET'],
      ...['FCM', 'APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_BUNDLE_ID'],
      ...['WEBHOOK_URLS', 'WEBHOOK_SECRET'],
    ]),
  );
  const plan = /^ *plan: (\w+)$/m.exec(read('render.yaml'))?.[1];
  expect(read('README.md')).toContain(`the plan \`${plan}\``);
});

it('npm run dev is the same with exec and, where there is none, without', () => {
  expect(JSON.parse(read('package.json')).scripts.dev).toMatch(/^exec (node .*) \|\| \1$/);
});

it('what is deployed from this repository has firebase-admin, which npm prune --omit=dev leaves', () => {
  const { packages } = JSON.parse(read('package-lock.json'));
  for (const name of ['firebase-admin', '@google-cloud/firestore']) {
    expect(packages[`node_modules/${name}`], name).toMatchObject({ version: expect.any(String) });
    expect(packages[`node_modules/${name}`]).not.toHaveProperty('dev');
    expect(packages[`node_modules/${name}`]).not.toHaveProperty('devOptional');
  }
});
