// The Dart client in examples/flutter speaks of what our API has: each route, field, word and code,
// and no other. No Dart runs here, so it is read as text, and parsed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bodyOf, faultsOf, filesIn, inside, named, read } from './foreign-sources.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly items: Schema;
  readonly enum?: readonly (string | null)[];
  readonly required?: readonly string[];
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: Schema }>> }>
  >;
}
const { paths } = JSON.parse(readFileSync(join(ROOT, 'docs', 'openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};

const BASE = '/api/calls';
const operations = new Map(
  Object.entries(paths)
    .filter(([path]) => path.startsWith(BASE) && !path.endsWith('/livekit-webhook'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [
        `${method.toUpperCase()} ${path.slice(BASE.length).replace(/\{(\w+)\}/g, ':$1')}`,
        operation,
      ]),
    ) as [string, Operation][],
);

const operation = (route: string): Operation => {
  const found = operations.get(route);
  if (found === undefined) throw new Error(`the API has no ${route}`);
  return found;
};
const bodySchema = (route: string): Schema | undefined =>
  operation(route).requestBody?.content['application/json']?.schema;
const answerSchema = (route: string, status: string): Schema => {
  const schema = operation(route).responses[status]?.content['application/json']?.schema;
  if (schema === undefined) throw new Error(`${route} has no ${status}`);
  return schema;
};
const keys = (schema: Schema): string[] => Object.keys(schema.properties).sort();
const words = (schema: Schema | undefined): string[] =>
  (schema?.enum ?? []).filter((word) => word !== null).sort();

const client = read('lib/switchboard/calls_client.dart');
const models = read('lib/switchboard/models.dart');

/** Each request of the client: its route, and the names that it sends. */
const requests = [...client.matchAll(/_ask\(\s*'([A-Z]+)',\s*'([^']*)'/g)].map((match) => {
  const call = inside(client, match.index + '_ask'.length);
  const namesIn = (part: string): string[] => {
    const at = call.search(new RegExp(`\\b${part}: \\{`));
    return at < 0 ? [] : named(inside(call, call.indexOf('{', at)), /'(\w+)':/g);
  };
  return { route: `${match[1]} ${match[2]}`, body: namesIn('body'), query: namesIn('query') };
});

describe('the requests of the Dart client', () => {
  it('are one for each route of the API, and no other', () => {
    const asked = [...new Set(requests.map(({ route }) => route))].sort();
    expect(asked).toEqual([...operations.keys()].sort());
  });

  const toCalls = requests.filter(({ route }) => route !== 'POST /livekit-token');
  it.each(toCalls)('send the body that is asked for: $route', ({ route, body }) => {
    const schema = bodySchema(route);
    expect(body).toEqual(schema === undefined ? [] : keys(schema));
  });

  it('name the room as the token endpoint does', () => {
    const [{ body } = { body: [] }] = requests.filter(
      ({ route }) => !toCalls.some((r) => r.route === route),
    );
    expect(body).toEqual(['room_name']);
    expect(keys(bodySchema('POST /livekit-token') as Schema)).toContain('room_name');
  });

  it('ask for everything that can be asked for, and nothing else', () => {
    for (const [route, { parameters = [] }] of operations) {
      const sent = requests.filter((request) => request.route === route);
      const known = parameters.filter((parameter) => parameter.in === 'query');
      expect([...new Set(sent.flatMap(({ query }) => query))].sort(), route).toEqual(
        known.map(({ name }) => name).sort(),
      );
    }
  });

  it('register a push with the fields that one has', () => {
    const push = bodySchema('PUT /devices/:installationId')?.properties.pushes?.items as Schema;
    const sent = named(bodyOf(models, /Json toJson\(\) => \{/), /'(\w+)':/g);
    expect(sent).toEqual(keys(push));
    const used = filesIn('lib').flatMap((path) => named(read(path), /PushTarget\('(\w+)'/g));
    const native = named(read('ios/Runner/Ringing.swift'), /\("(\w+)", \w+Token\)/g);
    expect([...used, ...native].length).toBeGreaterThan(2);
    for (const kind of [...used, ...native]) expect(words(push.properties.kind)).toContain(kind);
  });

  it('say no with a reason that there is', () => {
    const [, reason = ''] = /String reason = '(\w+)'/.exec(client) ?? [];
    const schema = bodySchema('POST /:callId/decline') as Schema;
    expect(words(schema.properties.reason)).toContain(reason);
  });
});

describe('the models of the Dart client', () => {
  const one = answerSchema('GET /:callId', '200').properties.call as Schema;
  const list = answerSchema('GET ', '200');
  const listed = list.properties.calls?.items as Schema;
  const feed = answerSchema('GET /events', '200');
  const problem = answerSchema('POST ', '4XX');
  const isRead = /(?:\.(?:text|whole|flag|object|objects|time|word|containsKey)\(|json\[)'(\w+)'/g;
  const readIn = (text: string, name: string) =>
    named(bodyOf(text, new RegExp(`\\bclass ${name} \\{`)), isRead);

  it.each([
    ['Call', keys(listed)],
    ['Me', keys(one.properties.me as Schema)],
    ['Party', keys(one.properties.parties?.items as Schema)],
    ['CallPage', keys(list)],
    ['FeedPage', keys(feed)],
    ['FeedChange', keys(feed.properties.changes?.items as Schema)],
  ])('%s reads every field that there is, and no other', (name, fields) => {
    expect(readIn(models, name)).toEqual(fields);
  });

  it('Entry reads the way into the room', () => {
    const entry = keys(answerSchema('POST ', '201'));
    for (const field of readIn(models, 'Entry')) expect(entry).toContain(field);
    expect(readIn(models, 'Entry')).toEqual([
      ...['expires_at', 'participant_token', 'server_url', 'token'],
    ]);
  });

  it('an error is read whole', () => {
    expect(named(bodyOf(client, /Json _jsonIn\([^)]*\) \{/), isRead)).toEqual(keys(problem));
  });

  const wires = (text: string, name: string) =>
    named(
      bodyOf(text, new RegExp(`enum ${name} (?:implements Word )?\\{`)),
      /\b\w+\('(\w+)'\)[,;]/g,
    );
  const cause = feed.properties.changes?.items.properties.cause;
  it.each([
    ['CallKind', one.properties.kind],
    ['CallState', one.properties.state],
    ['Outcome', one.properties.outcome],
    ['Reason', one.properties.reason],
    ['PartyState', one.properties.me?.properties.state],
    ['Role', one.properties.me?.properties.role],
    ['Cause', cause],
    ['Direction', listed.properties.direction],
  ])('%s has each word of the API, and one for words to come', (name, schema) => {
    expect(words(schema).length).toBeGreaterThan(1);
    expect(wires(models, name)).toEqual(words(schema));
    expect(bodyOf(models, new RegExp(`enum ${name} implements Word \\{`))).toContain("unknown('')");
  });

  it('the codes are those of the API, and four of the phone’s own', () => {
    const own = ['answer_invalid', 'room_unreachable', 'signed_out', 'unreachable'];
    const codes = words(problem.properties.code);
    expect(codes.filter((code) => own.includes(code))).toEqual([]);
    const named = wires(read('lib/switchboard/errors.dart'), 'CallErrorCode');
    expect(named).toEqual([...codes, ...own].sort());
  });

  it('rings if, and only if, the page of calls says so', () => {
    expect(models).toContain(
      'bool get isRinging => me.state == PartyState.ringing && me.ringSeconds > 0;',
    );
  });
});

describe('the files of the Flutter example', () => {
  const sources = filesIn('.').filter((path) => /\.(?:dart|kt|swift)$/.test(path));

  it.each(sources)('have the grammar of their language: %s', async (path) => {
    expect(await faultsOf(path)).toEqual([]);
  });

  it.each(filesIn('.'))('are written as the others: %s', (path) => {
    const lines = read(path).split('\n');
    expect(lines.pop()).toBe('');
    const max = sources.includes(path) ? 110 : 1_000;
    const odd = lines.filter((line) => /\t|\s$/.test(line) || line.length > max);
    expect(odd).toEqual([]);
  });

  it('import nothing that is not there', () => {
    const depended = named(read('pubspec.yaml'), /^ {2}(\w+):/gm);
    for (const path of sources.filter((path) => path.endsWith('.dart'))) {
      for (const [, name = ''] of read(path).matchAll(/^import '(?!dart:)([^']+)'/gm)) {
        const target = name.startsWith('package:')
          ? depended.includes(name.slice('package:'.length).split('/')[0] ?? '')
          : sources.includes(join(path, '..', name));
        expect(target, `${path} imports ${name}`).toBe(true);
      }
    }
  });
});
