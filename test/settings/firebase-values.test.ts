// What people take for the id of their project, and for the JSON of a service account.
import { generateKeyPairSync } from 'node:crypto';
import { devNull } from 'node:os';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/settings/config.ts';
import { said, saidOf, saidOfOptions } from './asked.ts';

describe('FIREBASE_PROJECT_ID', () => {
  it.each([
    'my-app-1a2b3',
    'demo-x',
    'example.com:my-app',
    'example.com:api-project-123456',
    'a23456',
  ])('may be %s', (value) => {
    expect(saidOf('FIREBASE_PROJECT_ID', value)).toEqual({ faults: [], warnings: [] });
  });

  it.each([
    ['123456789012', /and this is its number$/],
    ['1:123456789012:web:0a1b2c3d4e5f', /and this is the id of an app$/],
    ['My Chat App', /and this is its display name$/],
    ['My-App-1a2b3', /and this has capitals/],
    ['my-app.firebaseapp.com', /a host of it: my-app is meant\?$/],
    ['https://my-app.web.app/', /a host of it: my-app is meant\?$/],
    ['my-app.appspot.com', /a host of it: my-app is meant\?$/],
    ['my-app.firebasestorage.app', /a host of it: my-app is meant\?$/],
    ['my-app-default-rtdb.europe-west1.firebasedatabase.app', /a host of it: my-app is meant\?$/],
    [`AIza${'x1'.repeat(17)}x`, /and this is an API key$/],
    ['123-abc.apps.googleusercontent.com', /and this is an OAuth client$/],
    ['me@my-app.iam.gserviceaccount.com', /and this is an e-mail address$/],
    ['projects/my-app', /behind projects\/$/],
    ['https://console.firebase.google.com/project/my-app/overview', /a page of the console$/],
    ['"projectId": "my-app",', /a line of a configuration/],
    ['projectId: my-app', /a line of a configuration/],
    ['my_app_1a2b3', /and this is none$/],
    ['my–app–1a2b3', /and this is none$/],
    ['my-app-1a2b3,', /ends in a comma/],
    ['true', /and this is none$/],
    ['your-project-id', /placeholder/],
    ['YOUR_PROJECT_ID', /placeholder/],
    ['<project-id>', /placeholder/],
    ['PROJECT_ID', /must be the id/],
  ])('is not %s', (value, fault) => {
    const { faults } = saidOf('FIREBASE_PROJECT_ID', value);
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join()).not.toContain('AIza');
  });

  it('in quotes is mended', () => {
    expect(saidOf('FIREBASE_PROJECT_ID', '"my-app"').warnings).toEqual([
      expect.stringMatching(/^stands in quotes/),
    ]);
  });

  it('is that of firebaseApp where both are given', () => {
    const app = (projectId: string) => ({ options: { projectId } });
    expect(saidOfOptions({ firebaseApp: app('my-project') }).faults).toEqual([]);
    expect(saidOfOptions({ firebaseApp: app('another-project') }).faults).toEqual([
      'firebaseApp is of another project than firebaseProjectId',
    ]);
    expect(
      saidOfOptions({ firebaseProjectId: undefined, firebaseApp: app('123456789012') }).faults,
    ).toEqual([expect.stringMatching(/^firebaseApp has a project id that .* is its number$/)]);
  });
});

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const ACCOUNT = {
  type: 'service_account',
  project_id: 'my-project',
  client_email: 'me@my-project.iam.gserviceaccount.com',
  private_key: privateKey,
};
const JSON_TEXT = JSON.stringify(ACCOUNT, null, 2);
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('FIREBASE_SERVICE_ACCOUNT', () => {
  it.each<[string, string, RegExp | undefined]>([
    ['as it was downloaded', JSON_TEXT, undefined],
    ['in base64', base64(JSON_TEXT), undefined],
    ['in base64 with line breaks', base64(JSON_TEXT).replace(/.{76}/g, '$&\n'), undefined],
    ['in single quotes', `'${JSON_TEXT}'`, /^FIREBASE_SERVICE_ACCOUNT stands in quotes/],
    ['as a JSON text of the JSON', JSON.stringify(JSON_TEXT), /encoded more often than once/],
    [
      'with a backslash before each quote',
      JSON_TEXT.replaceAll('\\n', '\\\\n').replaceAll('"', '\\"').replaceAll('\n', ''),
      /encoded more often than once/,
    ],
    ['in base64 twice', base64(base64(JSON_TEXT)), /encoded more often than once/],
    ['with doubled backslashes', JSON_TEXT.replaceAll('\\n', '\\\\n'), /\\n in its private_key/],
    [
      'with real line breaks in the key',
      JSON_TEXT.replaceAll('\\n', '\n'),
      /line breaks in its private_key/,
    ],
    [
      'with the members’ names of code',
      JSON.stringify({ projectId: 'my-project', clientEmail: 'e', privateKey }),
      undefined,
    ],
    ['with a byte order mark', `\uFEFF${JSON_TEXT}`, /U\+FEFF/],
  ])('is read %s', (_, text, warning) => {
    const config = loadConfig(
      { FIREBASE_PROJECT_ID: 'my-project', ROOM_ACCESS: 'calls', FIREBASE_SERVICE_ACCOUNT: text },
      devNull,
    );
    expect(config.serviceAccount).toMatchObject({
      project_id: 'my-project',
      private_key: privateKey,
    });
    expect(config.warnings).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
  });

  it.each<[string, string, RegExp]>([
    ['a path', '/etc/secrets/account.json', /a path belongs into GOOGLE_APPLICATION_CREDENTIALS/],
    ['a name of a file', 'service-account.json', /a path belongs into/],
    ['a path of Windows', 'C:\\keys\\account.json', /a path belongs into/],
    ['the key alone', privateKey, /this is its private_key alone$/],
    ['JavaScript', "{ type: 'service_account', project_id: 'my-project' }", /this is JavaScript/],
    ['JavaScript in quotes of its own', "{'type': 'service_account'}", /this is JavaScript/],
    ['its first line', '{"type": "service_account",', /it ends in its middle/],
    ['cut off at a #', '{"type": "service_account", "private_key": "abc', /it ends in its middle/],
    ['the web app’s configuration', '{"apiKey":"AIza","projectId":"my-project"}', /of a web app/],
    ['google-services.json', '{"project_info":{},"client":[]}', /google-services\.json of an app/],
    ['a sign-in’s client', '{"installed":{"client_id":"x"}}', /client secret of a sign-in/],
    ['gcloud’s own user', '{"type":"authorized_user","client_id":"x"}', /a person's own sign-in/],
    ['a federation', '{"type":"external_account","audience":"x"}', /a configuration without a key/],
    ['with the placeholder of an example', '{"type":"service_account",...}', /must be the JSON/],
  ])('is not %s', (_, text, fault) => {
    const { faults } = said({ FIREBASE_SERVICE_ACCOUNT: text });
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join()).toMatch(/^[ -~]*$/);
    expect(faults.join()).not.toContain(privateKey.slice(40, 60));
  });
});
