// Phones in pockets: no stream and no ID token, nothing but what FCM and APNs bring them.
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { Pool } from 'pg';
import type { CallServer, Phone } from './calls-stage.ts';
import type { PushProviders } from './push-providers.ts';
import { until } from './until.ts';

export const PLATFORMS = ['android', 'ios', 'web'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** A push as a provider has taken it for one phone. */
export interface Told {
  /** What the app reads. */
  readonly data: Readonly<Record<string, unknown>>;
  /** By which of its values, and how urgent: as the provider words it. */
  readonly way: string;
  /** Of a notification that the system shows by itself. */
  readonly shows?: unknown;
}

export interface Pocket {
  readonly uid: string;
  readonly platform: Platform;
  readonly installationId: string;
  /** As the app's running client calls itself. */
  readonly deviceId: string;
  /** Of FCM, or of APNs the one for VoIP first. */
  readonly values: readonly string[];
  told(): readonly Told[];
  /** `ring`, `stop_ring cancelled`. */
  heard(): readonly string[];
  /** Of its first ring. */
  ticket(): string;
}

/** As an app does at its start, with an ID token that it will not have later. */
export async function register(
  phone: Phone,
  platform: Platform,
  { fcm, apns }: Pick<PushProviders, 'fcm' | 'apns'>,
): Promise<Pocket> {
  const installationId = `${phone.uid}-${platform}`;
  const targets = targetsOf(installationId, platform);
  await phone.calls.registerDevice(installationId, { platform, pushes: targets, locale: 'en' });
  const values = targets.map(({ value }) => value);
  const told = (): readonly Told[] =>
    platform === 'ios' ? byApns(apns.pushes, values) : byFcm(fcm.pushes, values);
  return {
    ...{ uid: phone.uid, platform, installationId, values, told },
    deviceId: `device of ${installationId}`,
    heard: () =>
      told().map(({ data: { type, cause } }) =>
        cause === undefined ? String(type) : `${type} ${cause}`,
      ),
    ticket() {
      const ring = told().find(({ data }) => data.type === 'ring');
      if (ring === undefined) throw new Error(`${installationId} was not rung`);
      return String(ring.data.ticket);
    },
  };
}

function targetsOf(name: string, platform: Platform) {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  // As Firebase makes them: its first character says that it is one.
  const fid = `f${hash(name).toString('base64url').slice(0, 21)}`;
  switch (platform) {
    case 'android':
      return [{ kind: 'fcm_token', value: `${fid}:APA91b-of-${name}` }] as const;
    case 'ios':
      return [
        { kind: 'apns_voip', value: hash(`voip ${name}`).toString('hex') },
        { kind: 'apns', value: hash(name).toString('hex') },
      ] as const;
    case 'web':
      return [{ kind: 'fid', value: fid }] as const;
  }
}

/** As much as is looked at. */
interface FcmMessage {
  readonly token?: string;
  readonly fid?: string;
  readonly data: Told['data'];
  readonly android?: { readonly priority: string; readonly ttl: string };
  readonly webpush?: { readonly headers: { readonly Urgency: string; readonly TTL: string } };
}

function byFcm(pushes: PushProviders['fcm']['pushes'], values: readonly string[]): Told[] {
  return pushes.flatMap((push) => {
    const { token, fid = token, data, android, webpush } = push.message as unknown as FcmMessage;
    if (fid === undefined || !values.includes(fid)) return [];
    const { Urgency, TTL } = webpush?.headers ?? {};
    const way = android === undefined ? `${Urgency} ${TTL}s` : `${android.priority} ${android.ttl}`;
    return [{ data, way }];
  });
}

function byApns(pushes: PushProviders['apns']['pushes'], values: readonly string[]): Told[] {
  return pushes.flatMap(({ token, headers, payload }) => {
    if (!values.includes(token)) return [];
    const { aps, ...data } = payload as { aps: { alert?: unknown } };
    const of = token === values[0] ? 'voip' : 'plain';
    const way = `${of}: ${headers['apns-push-type']} ${headers['apns-priority']}`;
    return [{ data, way, ...(aps.alert !== undefined && { shows: aps }) }];
  });
}

interface Asked {
  readonly status: number;
  readonly code?: string;
  readonly token?: string;
  readonly call?: { readonly me: { readonly state: string } };
}

/** As native code does it: by the ticket of its ring, and nothing else. */
export async function showTicket(
  { baseUrl }: Pick<CallServer, 'baseUrl'>,
  ticket: string,
  what: { readonly path: string; readonly body?: object; readonly method?: string },
): Promise<Asked> {
  const { path, body, method = body === undefined ? 'GET' : 'POST' } = what;
  const answer = await fetch(baseUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${ticket}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { ...((await answer.json()) as object), status: answer.status };
}

/** What a database holds, asked beside the servers. */
export interface Look {
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  stop(): Promise<void>;
}

export async function lookInto(database: string): Promise<Look> {
  if (database.startsWith('sqlite:')) {
    const file = new DatabaseSync(database.slice('sqlite:'.length));
    return {
      rows: async (sql) => file.prepare(sql).all(),
      async stop() {
        file.close();
      },
    };
  }
  const pool = new Pool({ connectionString: database, options: '-c search_path=switchboard' });
  // Where Postgres goes first.
  pool.on('error', () => {});
  return { rows: async (sql) => (await pool.query(sql)).rows, stop: () => pool.end() };
}

/** Nothing is left that could still be pushed of this call: what has come until then is all that comes. */
export const allPushed = (look: Look, callId: string): Promise<void> =>
  until('all pushes are done', async () => {
    const [row] = await look.rows(
      `select count(*) as count from push_effects where call_id = '${callId}'`,
    );
    return Number(row?.count) === 0;
  });
