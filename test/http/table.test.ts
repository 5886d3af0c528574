import { describe, expect, it } from 'vitest';
import { uuid } from '../../src/http/fields.ts';
import { type Method, type Route, route } from '../../src/http/routes.ts';
import { createTable, pathOf } from '../../src/http/table.ts';

const ID = '11111111-2222-4333-8444-555555555555';

const row = (method: Method, path: string, params: Route['params'] = {}): Route =>
  route({ method, path, params, admit: 'public', schema: { summary: '' }, answer: () => null });

describe('a route table', () => {
  it('finds a path with what varies in it', () => {
    const params = { callId: uuid('A call.') };
    const table = createTable([
      row('GET', '/calls/:callId', params),
      row('POST', '/calls/:callId', params),
      row('GET', '/calls/events'),
    ]);
    expect(table.find(`/calls/${ID}`)).toMatchObject({
      path: { pattern: '/calls/:callId', methods: ['GET', 'HEAD', 'POST'] },
      params: { callId: ID },
    });
    expect(table.find('/calls/events')).toMatchObject({ params: {} });
    for (const path of ['/calls/other', '/calls/', `/calls/${ID}/`, `x/calls/${ID}`, '']) {
      expect(table.find(path), path).toBeUndefined();
    }
  });

  it('compares as it is told to, and what varies has its own form all the same', () => {
    const table = createTable([
      row('GET', '/calls/:callId', { callId: { ...uuid(''), pattern: '[a-f]{4}' } }),
      row('GET', '/calls/Events'),
    ]);
    const loose = { caseSensitive: false, strict: false };
    expect(table.find('/CALLS/events/', loose)?.path.pattern).toBe('/calls/Events');
    expect(table.find('/Calls/abcd/', loose)?.params).toEqual({ callId: 'abcd' });
    expect(table.find('/calls/ABCD', loose)).toBeUndefined();
    expect(table.find('/calls/events', { caseSensitive: true, strict: false })).toBeUndefined();
    expect(table.find('/calls/Events/', { caseSensitive: true, strict: false })).toBeDefined();
    expect(table.find('/calls/Events/', { caseSensitive: false, strict: true })).toBeUndefined();
    expect(table.find('/', loose)).toBeUndefined();
  });

  it('takes a dot in a path for a dot', () => {
    const table = createTable([row('GET', '/a.json/:id', { id: uuid('') })]);
    expect(table.find(`/axjson/${ID}`)).toBeUndefined();
  });

  it('refuses two rows for one method and path, and a name whose form nobody has told', () => {
    expect(() => createTable([row('GET', '/a'), row('GET', '/a')])).toThrow('two rows for GET /a');
    expect(() => createTable([row('GET', '/a/:id')])).toThrow(
      '/a/:id does not say what :id looks like',
    );
  });
});

describe('the path of a target', () => {
  it.each(['http://h/a?x', 'https://h:443/a', 'http://[::1]:80/a', '/a?x'])(
    'of %s is /a',
    (url) => {
      expect(pathOf(url)).toBe('/a');
    },
  );

  it.each(['http://h;x/a', 'http://h:x/a', "http://h'/a", 'http://h%00/a', 'ftp://h/a'])(
    'of %s, which a host could read in another way, is none of ours',
    (url) => {
      expect(pathOf(url)).not.toBe('/a');
    },
  );
});
