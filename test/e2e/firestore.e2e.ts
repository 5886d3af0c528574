// ROOM_ACCESS=firestore before Google's own emulator.
import { connect, createServer, type Socket } from 'node:net';
import { type App, deleteApp, initializeApp } from 'firebase-admin/app';
import { FieldValue, type Firestore, getFirestore } from 'firebase-admin/firestore';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keepFirestoreAlive, openFirestore } from '../../src/access/firestore.ts';
import { systemClock } from '../../src/base/clock.ts';
import { PROJECT_ID } from '../fakes/firebase.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';
import { type Emulator, emulatorJar, startEmulator } from './firestore-emulator.ts';
import { until } from './until.ts';

const jar = emulatorJar();
if (jar === undefined) {
  console.warn(
    '\nSKIPPED: room access by Firestore. There is no emulator on this machine: install ' +
      'google-cloud-cli-firestore-emulator, or name its jar in FIRESTORE_EMULATOR_JAR (and have Java 17).\n',
  );
}

describe.skipIf(jar === undefined)('room access by Firestore, asked for tokens,', () => {
  let emulator: Emulator;
  let app: App;
  let firestore: Firestore;
  const stages: Stage[] = [];

  beforeAll(async () => {
    emulator = await startEmulator(jar as string);
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', emulator.host);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    app = initializeApp({ projectId: PROJECT_ID }, 'emulated');
    firestore = getFirestore(app);
  });
  afterAll(async () => {
    for (const stage of stages) await stage.close();
    await deleteApp(app);
    await emulator?.stop();
    vi.unstubAllEnvs();
  });

  const stageWith = async (firestoreMembersField?: string, roomPath = 'chats/{roomName}') => {
    const stage = await setStage(MOUNTS[0] as Mount, {
      roomAccess: 'firestore',
      firebaseApp: app,
      firestoreRoomPath: roomPath,
      firestoreMembersField,
    });
    stages.push(stage);
    return stage;
  };

  /** The status, and the code of a refusal. */
  const ask = async (stage: Stage, roomName: string, uid = 'alice') => {
    const token = stage.idToken({ sub: uid });
    const { status, body } = await stage.ask({
      token,
      body: { roomName, participantIdentity: uid },
    });
    return status === 200 ? 'in' : `${status} ${body.code}`;
  };
  const OUT = '403 room_forbidden';

  it('lets the members of a list in, and nobody else', async () => {
    await firestore.doc('chats/list').set({ members: ['alice', 'bob'], title: 'Lunch' });
    const stage = await stageWith();
    expect(await ask(stage, 'list')).toBe('in');
    expect(await ask(stage, 'list', 'bob')).toBe('in');
    expect(await ask(stage, 'list', 'mallory')).toBe(OUT);
    expect(await ask(stage, 'list', 'constructor')).toBe(OUT);
  });

  it('is asked for names too: two fields of one document, of whatever depth', async () => {
    const { fieldsOf, close } = openFirestore({ app }, systemClock);
    const photo = 'https://pictures.example/alice';
    await firestore.doc('users/alice').set({ displayName: 'Alice', profile: { photo }, age: 7 });
    const fields = [['displayName'], ['profile', 'photo']];
    expect(await fieldsOf('users/alice', fields)).toEqual(['Alice', photo]);
    expect(await fieldsOf('users/alice', [['nickname'], ['age']])).toEqual([undefined, 7]);
    expect(await fieldsOf('users/nobody', fields)).toBeUndefined();
    await close();
  });

  it('lets the members of a map in, and nobody who is false there', async () => {
    const members = { alice: true, bob: { role: 'owner' }, carol: false, 'd.e': true };
    await firestore.doc('chats/map').set({ members });
    const stage = await stageWith();
    expect(await ask(stage, 'map')).toBe('in');
    expect(await ask(stage, 'map', 'bob')).toBe('in');
    expect(await ask(stage, 'map', 'd.e')).toBe('in');
    for (const uid of ['carol', 'mallory', 'constructor', '__proto__', 'd']) {
      expect(await ask(stage, 'map', uid)).toBe(OUT);
    }
  });

  it('finds members by a dotted path, below another document', async () => {
    await firestore.doc('tenants/acme/chats/deep').set({
      access: { 'call-members': ['alice'] },
      members: ['mallory'],
    });
    const stage = await stageWith('access.call-members', 'tenants/acme/chats/{roomName}');
    expect(await ask(stage, 'deep')).toBe('in');
    expect(await ask(stage, 'deep', 'mallory')).toBe(OUT);
  });

  it('refuses alike: no document, no field, a field of another kind, an impossible name', async () => {
    await firestore.doc('chats/no-field').set({ owners: ['alice'] });
    await firestore.doc('chats/text').set({ members: 'alice' });
    await firestore.doc('chats/reference').set({ members: firestore.doc('users/alice') });
    await firestore.doc('chats/removed').set({ members: { alice: null } });
    await firestore.doc('chats/list/members/alice').set({ members: ['alice'] });
    const stage = await stageWith();
    const names = ['absent', 'no-field', 'text', 'reference', 'removed'];
    const impossible = ['list/members/alice', '..', '__x__'];
    for (const name of [...names, ...impossible]) expect(await ask(stage, name)).toBe(OUT);
    const told = () =>
      stage.log.lines
        .map(({ message }) => message)
        .filter((message) => message.startsWith('no members'));
    // Of a field that is missing once it was looked what is there instead, which nobody waits for.
    await until('every shape is told', () => told().length >= 4);
    expect(told().sort()).toEqual([
      expect.stringMatching(/it holds one reference/),
      expect.stringMatching(/it holds text/),
      expect.stringMatching(/the document has no such field/),
      expect.stringMatching(/there is no such document/),
    ]);
  });

  it('lets in whom a list of references or of objects names', async () => {
    const users = firestore.collection('users');
    await firestore
      .doc('chats/references')
      .set({ members: [users.doc('bob'), users.doc('alice')] });
    await firestore.doc('chats/objects').set({ members: [{ uid: 'bob' }, { uid: 'alice' }] });
    const stage = await stageWith();
    for (const room of ['references', 'objects']) {
      expect(await ask(stage, room)).toBe('in');
      expect(await ask(stage, room, 'mallory')).toBe(OUT);
    }
  });

  it('names a collection of members, which is not read', async () => {
    await firestore.doc('chats/collection').set({ title: 'Lunch' });
    await firestore.doc('chats/collection/members/alice').set({ role: 'owner' });
    const stage = await stageWith();
    expect(await ask(stage, 'collection')).toBe(OUT);
    await until('the log says so', () =>
      stage.log.lines.some(({ message }) => message.includes('has a collection members')),
    );
  });

  it('reads another database of the project, and a Firestore of the host’s own', async () => {
    const other = getFirestore(app, 'other');
    await other.doc('chats/named').set({ members: ['alice'] });
    for (const options of [
      { firebaseApp: app, firestoreDatabase: 'other' },
      { firebaseProjectId: PROJECT_ID, firestore: other },
    ]) {
      const stage = await setStage(MOUNTS[0] as Mount, {
        roomAccess: 'firestore',
        firestoreRoomPath: 'chats/{roomName}',
        ...options,
      });
      stages.push(stage);
      expect(await ask(stage, 'named')).toBe('in');
      expect(await ask(stage, 'named', 'mallory')).toBe(OUT);
    }
    expect(await ask(await stageWith(), 'named')).toBe(OUT);
  });

  it.each(['list', 'map', 'objects'])(
    'lets 200 of the 20,000 members of a %s in at the same time',
    async (kind) => {
      const uids = Array.from({ length: 20_000 }, (_, n) => `user${String(n).padStart(24, '0')}`);
      const members = {
        list: uids,
        map: Object.fromEntries(uids.map((uid) => [uid, true])),
        objects: uids.map((uid) => ({ uid })),
      }[kind];
      await firestore.doc(`chats/big-${kind}`).set({ members });
      const stage = await stageWith();
      const answers = await Promise.all(
        uids.slice(1_000, 1_200).map((uid) => ask(stage, `big-${kind}`, uid)),
      );
      expect(new Set(answers)).toEqual(new Set(['in']));
      expect(await ask(stage, `big-${kind}`, 'mallory')).toBe(OUT);
    },
  );

  it('takes odd room names literally', async () => {
    const stage = await stageWith();
    for (const roomName of ['ä 🎈', '%2F..', '$&', "a'b`c\\d", '*~[]']) {
      expect(await ask(stage, roomName)).toBe(OUT);
      await firestore
        .collection('chats')
        .doc(roomName)
        .set({ members: ['alice'] });
      expect(await ask(stage, roomName)).toBe('in');
    }
  });

  it('has a new member in at once, and a removed one out after 5 s', async () => {
    const stage = await stageWith();
    const room = firestore.doc('chats/changing');
    await room.set({ members: ['bob'] });
    expect(await ask(stage, 'changing')).toBe(OUT);
    await room.update({ members: FieldValue.arrayUnion('alice') });
    expect(await ask(stage, 'changing')).toBe('in');
    await room.update({ members: FieldValue.arrayRemove('alice') });
    stage.clock.advance(5_000);
    expect(await ask(stage, 'changing')).toBe(OUT);
  });

  describe('when the network or Firestore goes away,', () => {
    const proxies: { close(): Promise<void> }[] = [];
    const apps: App[] = [];
    afterAll(async () => {
      await Promise.all(apps.map(deleteApp));
      await Promise.all(proxies.map((proxy) => proxy.close()));
    });

    /** A way to the emulator whose connections can be swallowed, as a network does it: in silence. */
    const startProxy = async () => {
      const pairs = new Set<[Socket, Socket]>();
      const server = createServer((socket) => {
        const onward = connect(emulator.port, '127.0.0.1');
        for (const end of [socket, onward]) end.on('error', () => {});
        socket.pipe(onward).pipe(socket);
        socket.once('close', () => onward.destroy());
        pairs.add([socket, onward]);
      });
      const { promise, resolve } = Promise.withResolvers<number>();
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
      const port = await promise;
      proxies.push({
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const [socket] of pairs) socket.destroy();
          }),
      });
      return {
        host: `127.0.0.1:${port}`,
        swallow() {
          for (const [socket, onward] of pairs) {
            socket.unpipe(onward).resume();
            onward.unpipe(socket).resume();
          }
        },
      };
    };

    it('an app of our own finds a new way in seconds, not in a quarter of an hour', async () => {
      await firestore.doc('chats/network').set({ members: ['alice'] });
      const proxy = await startProxy();
      vi.stubEnv('FIRESTORE_EMULATOR_HOST', proxy.host);
      const own = initializeApp({ projectId: PROJECT_ID }, 'own');
      apps.push(own);
      await keepFirestoreAlive(own);
      const { read } = openFirestore({ app: own }, systemClock).questions;
      const room = { path: 'chats/network', field: ['members'] };
      expect(await read(room)).toEqual({ value: ['alice'] });
      proxy.swallow();
      const lost = read(room);
      await until('a read is answered', () => lost.then(() => true), 40_000);
      vi.stubEnv('FIRESTORE_EMULATOR_HOST', emulator.host);
    });

    it('a connection that is lost under a host’s App is replaced within 30 s', async () => {
      await firestore.doc('chats/lost').set({ members: ['alice'] });
      const proxy = await startProxy();
      vi.stubEnv('FIRESTORE_EMULATOR_HOST', proxy.host);
      const hosts = initializeApp({ projectId: PROJECT_ID }, 'hosts');
      apps.push(hosts);
      const { questions, close } = openFirestore({ app: hosts }, systemClock);
      const room = { path: 'chats/lost', field: ['members'] };
      expect(await questions.isInList(room, 'alice')).toBe(true);
      proxy.swallow();
      const isServed = () =>
        Promise.race([
          questions.isInList(room, 'alice').catch(() => false),
          new Promise<false>((done) => setTimeout(() => done(false), 2_000)),
        ]);
      await until('it is served again', isServed, 30_000);
      await close();
      vi.stubEnv('FIRESTORE_EMULATOR_HOST', emulator.host);
    });

    it('lets nobody in, with 503, and a member for as long as the answer is kept', async () => {
      await firestore.doc('chats/outage').set({ members: ['alice'] });
      const stage = await stageWith();
      expect(await ask(stage, 'outage')).toBe('in');
      await emulator.stop();
      expect(await ask(stage, 'outage')).toBe('in');
      stage.clock.advance(5_000);
      const answer = ask(stage, 'outage');
      await until('the rule is asked', () => stage.clock.waiting().includes(2_000));
      stage.clock.advance(2_000);
      expect(await answer).toBe('503 access_unavailable');
    });
  });
});
