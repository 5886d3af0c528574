// The Kotlin and the Swift of examples/flutter read what our senders send, ask what a ticket is good
// for, and name the two ends of a ring as we do. Neither runs here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CallId, DeviceId, UserId } from '../../src/base/ids.ts';
import { PARTY_STATES } from '../../src/calls/call.ts';
import { RING_ENDS } from '../../src/calls/event.ts';
import { fieldsOf, textOf } from '../../src/ringing/push-fields.ts';
import { bodyOf, EXAMPLE, filesIn, named, read } from './foreign-sources.ts';

const KOTLIN = 'android/app/src/main/kotlin/switchboard';
const kotlin = (name: string) => read(join(KOTLIN, `${name}.kt`));
const swift = (name: string) => read(`ios/Runner/${name}.swift`);
const manifest = read('android/app/src/main/AndroidManifest.xml');
const document = JSON.parse(
  readFileSync(join(EXAMPLE, '..', '..', 'docs', 'openapi.json'), 'utf8'),
);

const common = { callId: 'c' as CallId, to: 'bob' as UserId, now: 0 };
const ring = fieldsOf(
  {
    ...{ ...common, type: 'ring', ringMs: 45_000, ticket: 'swt_x' },
    about: {
      ...{ callerName: 'Alice', callerUid: 'alice' as UserId, kind: 'video' },
      ...{ isGroup: false, context: 'chat' },
    },
  },
  4096,
);
const stop = fieldsOf(
  {
    ...{ ...common, type: 'stop_ring', cause: 'over', device: 'phone' as DeviceId },
    missed: { title: 'Alice', body: 'Missed call' },
  },
  4096,
);

describe('what the native files read of a push', () => {
  const ringReaders = {
    Kotlin: named(
      bodyOf(kotlin('Ring'), /fun of\(fields: Map<\*, \*>\): Ring\? \{/),
      /fields\["(\w+)"\]/g,
    ),
    Swift: named(bodyOf(swift('Ring'), /init\?\(_ fields: [^)]*\) \{/), /fields\["(\w+)"\]/g),
  };
  it.each(Object.entries(ringReaders))('is in a ring: %s', (_, names) => {
    expect(names).toEqual(
      expect.arrayContaining(['id', 'kind', 'nameCaller', 'ringSeconds', 'ticket']),
    );
    for (const name of names) expect(Object.keys(ring)).toContain(name);
  });

  const stopReaders = {
    Kotlin: named(kotlin('RingMessagingService'), /data\["(\w+)"\]/g),
    Swift: named(swift('Ringing') + swift('AppDelegate'), /(?:push|fields)\["(\w+)"\]/g),
  };
  it.each(Object.entries(stopReaders))('is in a stop: %s', (_, names) => {
    expect(names).toEqual(expect.arrayContaining(['device', 'id', 'type']));
    for (const name of names) expect(Object.keys(stop)).toContain(name);
  });

  it('is told apart by the types that are sent', () => {
    const types = [ring.type, stop.type];
    expect(named(kotlin('RingMessagingService'), /^ {12}"(\w+)" ->/gm)).toEqual(types);
    expect(named(swift('AppDelegate'), /== "(\w+)"/g)).toEqual([stop.type]);
  });

  it('is a number or a text, and both are understood', () => {
    expect(ring.ringSeconds).toBe(45);
    expect(textOf(ring).ringSeconds).toBe('45');
    expect(kotlin('Ring')).toContain('fields["ringSeconds"]?.toString()?.toLongOrNull()');
    expect(swift('Ring')).toMatch(/value as\? NSNumber[\s\S]*value as\? String/);
  });

  it('is enough where nothing but id and ticket is sent', () => {
    const least = fieldsOf(
      { ...common, type: 'ring', ringMs: 45_000, ticket: 'swt_x', about: undefined },
      4096,
    );
    expect(Object.keys(least).sort()).toEqual(['id', 'ticket', 'type', 'v']);
    for (const text of [kotlin('Ring'), swift('Ring')])
      expect(text).toMatch(/\?[?:] USUAL_SECONDS|usualSeconds\b/);
  });
});

describe('what the native files ask by a ticket', () => {
  const CALL = '/api/calls/{callId}';
  it.each([
    ['Kotlin', kotlin('TicketClient')],
    ['Swift', swift('TicketClient')],
  ])('is what a ticket is good for: %s', (_, text) => {
    const asked = [...text.matchAll(/ask\("(\w+)", "(\/?\w*)[^"]*"/g)].map(
      ([, method = '', path = '']) => `${method.toLowerCase()} ${path}`,
    );
    expect(new Set(asked)).toEqual(
      new Set(['get ', 'post /accept', 'post /alerting', 'post /decline']),
    );
    for (const request of asked) {
      const [method = '', path = ''] = request.split(' ');
      const { security } = document.paths[CALL + path][method];
      expect(security, request).toContainEqual({ ringTicket: [] });
    }
    const query = document.paths[CALL].get.parameters.map(({ name }: { name: string }) => name);
    const names = named(text, /[?&](\w+)=/g);
    expect(names).toEqual(['after', 'waitSeconds']);
    for (const name of names) expect(query).toContain(name);
    for (const [, field = ''] of text.matchAll(/(?:put\(|body: \[)"(\w+)"/g)) {
      expect(['reason', 'deviceId']).toContain(field);
    }
  });

  it.each([
    ['Kotlin', bodyOf(kotlin('Ring'), /class LookedAt\([^)]*\) \{/)],
    ['Swift', bodyOf(swift('Ring'), /struct LookedAt \{/)],
  ])('is read as the API writes it: %s', (_, text) => {
    const call =
      document.paths[CALL].get.responses[200].content['application/json'].schema.properties.call;
    const { me, parties } = call.properties;
    const of = (variable: string) =>
      named(text, new RegExp(`\\b${variable}(?:\\.\\w+\\(|\\[)"(\\w+)"`, 'g'));
    expect(of('call').length).toBeGreaterThan(3);
    for (const name of of('call')) expect(Object.keys(call.properties)).toContain(name);
    for (const name of of('me')) expect(Object.keys(me.properties)).toContain(name);
    for (const name of [...of('party'), ...named(text, /(?:\$0|\?)\["(\w+)"\]/g)]) {
      expect(Object.keys(parties.items.properties)).toContain(name);
    }
    const causes = named(text, /(?:-> |cause = (?:[^"\n]*\? )?|: )"(\w+)"/g).filter(
      (word) => word !== 'cancelled',
    );
    expect(causes).toEqual(RING_ENDS.filter((cause) => cause !== 'cancelled').sort());
    expect(text).toContain('"cancelled"');
    const cases = [...text.matchAll(/^ *case (.*):/gm)].map(([, list = '']) => list).join();
    const states = [...named(text, /state == "(\w+)"/g), ...named(cases, /"(\w+)"/g)];
    expect(new Set(states)).toEqual(
      new Set(PARTY_STATES.filter((state) => state !== 'left' && state !== 'cancelled')),
    );
  });
});

describe('how a ring ends', () => {
  it('has a reason of CallKit’s for each cause', () => {
    const reasons = bodyOf(
      swift('Ringing'),
      /func reason\(_ cause: String\) -> CXCallEndedReason \{/,
    );
    const named_ = named(reasons, /case "(\w+)"/g);
    const others = named(reasons, /\/\/ (\w+), \w+$/gm).concat(
      named(reasons, /\/\/ \w+, (\w+)$/gm),
    );
    expect([...named_, ...others].sort()).toEqual([...RING_ENDS].sort());
    expect(reasons).toMatch(/"answered_elsewhere": return \.answeredElsewhere/);
    expect(reasons).toMatch(/"declined_elsewhere": return \.declinedElsewhere/);
    expect(reasons).toMatch(/"over": return \.unanswered/);
    expect(reasons).toMatch(/default: return \.remoteEnded/);
  });

  it('tells why an accept was refused by our codes: in another call is not elsewhere', () => {
    const causes = bodyOf(
      swift('Ringing'),
      /func cause\(_ status: Int, _ code: String\?\) -> String\? \{/,
    );
    const codes = named(causes, /\(409, "(\w+)"\)/g);
    expect(codes).toEqual(['answered_elsewhere', 'in_another_call']);
    const calls = readFileSync(join(EXAMPLE, '..', '..', 'docs', 'calls.md'), 'utf8');
    for (const code of codes) expect(calls).toContain(`| 409 | \`${code}\` |`);
    expect(causes).toMatch(/"answered_elsewhere"\): return "answered_elsewhere"/);
    expect(causes).toMatch(/"in_another_call"\): return nil/);
    for (const cause of named(causes, /return "(\w+)"/g)) expect(RING_ENDS).toContain(cause);
  });

  it('that a person declined is said again as long as it would ring', () => {
    const again = bodyOf(kotlin('Ringing'), /fun sayNo\(client: TicketClient, ring: Ring\) \{/);
    expect(again).toContain('while (isWorthAnother(client.decline()) && ring.leftMs > 0)');
  });

  it('is named by the app as by us', () => {
    const controller = read('lib/switchboard/call_controller.dart');
    const cause =
      /String _stopCause\(Call call\) => switch [\s\S]*?\};/.exec(controller)?.[0] ?? '';
    expect(named(cause, /'(\w+)'/g)).toEqual([...RING_ENDS].sort());
  });
});

describe('the channel between Dart and the native side', () => {
  const dart = read('lib/switchboard/native_phone.dart');

  it('has the same questions at both ends', () => {
    const asked = named(dart, /invoke(?:List)?Method<[^(]*>\(\s*'(\w+)'/g);
    expect(asked.length).toBeGreaterThan(9);
    const branches = bodyOf(kotlin('PhoneChannel'), /when \(call\.method\) \{/);
    expect(
      named(branches, /^ {12}(?:"\w+", )?"(\w+)"(?:, "\w+")? ->/gm)
        .concat(named(branches, /^ {12}"(\w+)", "/gm))
        .sort(),
    ).toEqual(asked);
    const cases = [...swift('PhoneChannel').matchAll(/^ {4}case (.*?):/gm)].flatMap(
      ([, list = '']) => named(list, /"(\w+)"/g),
    );
    expect(cases.sort()).toEqual(asked);
  });

  it('has the same words at both ends', () => {
    const heard = named(bodyOf(dart, /final event = switch \(call\.method\) \{/), /'(\w+)' =>/g);
    expect(named(swift('PhoneChannel'), /tell\("(\w+)"/g)).toEqual(heard);
    for (const word of named(kotlin('PhoneChannel'), /tell\("(\w+)"/g))
      expect(heard).toContain(word);
    const channel = /MethodChannel\('([^']+)'\)/.exec(dart)?.[1];
    expect(kotlin('PhoneChannel')).toContain(`"${channel}"`);
    expect(swift('PhoneChannel')).toContain(`"${channel}"`);
  });
});

describe('the parts of the app around them', () => {
  it('the manifest names classes that are there, and takes FCM’s messages from the plugin', () => {
    const classes = named(manifest, /android:name="switchboard\.([A-Z]\w+)"/g);
    const files = filesIn(KOTLIN).map((path) => path.split('/').at(-1)?.replace('.kt', ''));
    expect(classes).toContain('RingMessagingService');
    for (const name of classes) expect(files).toContain(name);
    expect(manifest).toMatch(/FlutterFirebaseMessagingService"\s+tools:node="remove"/);
  });

  it('the manifest permits what the service says that it is', () => {
    const types = /foregroundServiceType="([^"]+)"/.exec(manifest)?.[1]?.split('|') ?? [];
    expect(types.length).toBe(3);
    for (const type of types) {
      const name = type.replace(/[A-Z]/g, '_$&').toUpperCase();
      expect(manifest).toContain(`FOREGROUND_SERVICE_${name}"`);
      expect(kotlin('CallService')).toContain(`FOREGROUND_SERVICE_TYPE_${name}`);
    }
  });

  it('every word and picture that Kotlin takes is there', () => {
    const code = filesIn(KOTLIN).map(read).join('\n');
    const strings = read('android/app/src/main/res/values/switchboard.xml');
    const words = named(code, /R\.string\.(\w+)/g);
    expect(words).toEqual(named(strings, /<string name="(\w+)"/g));
    for (const picture of named(code, /R\.drawable\.(\w+)/g)) {
      expect(read(`android/app/src/main/res/drawable/${picture}.xml`)).toContain('<vector');
    }
  });

  it('the server’s address stands where it is looked for', () => {
    expect(kotlin('Installation')).toContain('"switchboard.base_url"');
    expect(manifest).toContain('android:name="switchboard.base_url"');
    expect(swift('Installation')).toContain('"SwitchboardBaseURL"');
    const plist = read('ios/Runner/Info.plist.part');
    expect(plist).toContain('<key>SwitchboardBaseURL</key>');
    for (const mode of ['voip', 'audio', 'remote-notification']) {
      expect(plist).toContain(`<string>${mode}</string>`);
    }
  });

  it('nothing secret is written to a log', () => {
    const files = filesIn('.').filter((path) => /\.(?:dart|kt|swift)$/.test(path));
    const lines = files.flatMap((path) => read(path).split('\n'));
    const logged = lines.filter((line) => /\b(?:Log\.\w|NSLog|print|debugPrint)\(/.test(line));
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.filter((line) => /ticket|token|value|name/i.test(line))).toEqual([]);
  });
});
