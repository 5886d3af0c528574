// CORS_ORIGINS as people write it, and as browsers and apps with a page in them send it.
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/settings/check-options.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { said, saidOfOptions } from './asked.ts';

const load = (CORS_ORIGINS: string) =>
  loadConfig({ FIREBASE_PROJECT_ID: 'my-project', ROOM_ACCESS: 'calls', CORS_ORIGINS });

describe('an origin', () => {
  it.each([
    'https://app.example.com',
    'http://localhost:5173',
    'http://[::1]:3000',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'chrome-extension://abcdefghijklmnop',
  ])('may be %s', (origin) => {
    const { options, warnings } = load(origin);
    expect([options.corsOrigins, warnings]).toEqual([[origin], []]);
  });

  it.each([
    ['https://app.example.com/', 'https://app.example.com'],
    ['https://App.Example.com', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['http://app.example.com:80/', 'http://app.example.com'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['capacitor://localhost/', 'capacitor://localhost'],
  ])('written as %s is taken as %s, with a warning', (given, origin) => {
    const { options, warnings } = load(given);
    expect(options.corsOrigins).toEqual([origin]);
    expect(warnings).toEqual([expect.stringContaining(`taken as ${origin}: browsers write it so`)]);
    const told: string[] = [];
    const { front } = checkOptions(
      { firebaseProjectId: 'my-project', roomAccess: 'calls', corsOrigins: [given] },
      (warning) => void told.push(warning),
    );
    expect([front.corsOrigins, told.length]).toEqual([[origin], 1]);
  });

  it.each([
    ['*', /^CORS_ORIGINS must name origins, and not \*$/],
    ['https://*.example.com', /a \* matches nothing here, name each origin$/],
    ['null', /what programs write where there is no value/],
    ['app.example.com', /write https:\/\/ before it$/],
    ['https://app.example.com/path', /https:\/\/app\.example\.com is meant\?$/],
    ['https://me:recognizable@app.example.com', /one of them is none$/],
    ['wss://app.example.com', /no page comes from wss:$/],
    ['file:///index.html', /is none$/],
    ['https://a.example;https://b.example', /separated by commas$/],
    ['https://a.example https://b.example', /separated by commas$/],
    ['["https://a.example","https://b.example"]', /separated by commas, without brackets$/],
    ['https:a.example', /is meant\?$/],
  ])('is not %s', (given, fault) => {
    const { faults } = said({ CORS_ORIGINS: given });
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join()).not.toContain('recognizable');
  });

  it('in a list is named with all the others that are none', () => {
    const [fault = ''] = said({
      CORS_ORIGINS: 'https://a.example,b.example,https://*.c.example',
    }).faults;
    expect(fault).toContain('b.example is none');
    expect(fault).toContain('https://*.c.example is none');
    expect(
      saidOfOptions({ corsOrigins: ['b.example', 'https://*.c.example'] }).faults.join('; '),
    ).toBe(fault.replace('CORS_ORIGINS', 'corsOrigins'));
  });

  it('may stand in quotes, alone and all together', () => {
    for (const given of [
      '"https://a.example","https://b.example"',
      "'https://a.example, https://b.example'",
    ]) {
      expect(load(given).options.corsOrigins).toEqual(['https://a.example', 'https://b.example']);
    }
  });
});
