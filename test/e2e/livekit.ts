// A real livekit-server on loopback, and what it says about its rooms.
import { RoomServiceClient, ServerError, TrackSource } from 'livekit-server-sdk';
import { findLiveKitServer } from '../../src/dev/livekit-binary.ts';
import { whoAnswers } from '../../src/dev/livekit-server.ts';
import { startChild } from './child.ts';
import { freeTcpPorts, freeUdpPort } from './ports.ts';
import { until } from './until.ts';

export type KeyPairs = Readonly<Record<string, string>>;

export const LIVEKIT_KEY = 'e2e-key';
export const LIVEKIT_SECRET = 'e2e-secret-of-at-least-32-characters';

const READY_WITHIN_MS = 15_000;
/** It would wait until everybody has left. */
const END_WITHIN_MS = 500;

export interface LiveKitPorts {
  readonly http: number;
  readonly rtcTcp: number;
  readonly rtcUdp: number;
}

/** A participant as the server knows it. */
export interface Present {
  readonly identity: string;
  readonly name: string;
  /** Sources of the published tracks, in order. */
  readonly tracks: readonly string[];
}

/** What a participant may do, as the server holds it. */
export interface Powers {
  readonly canPublish: boolean;
  readonly canSubscribe: boolean;
  readonly canPublishData: boolean;
  readonly canUpdateMetadata: boolean;
  /** None listed means all. */
  readonly sources: readonly string[];
}

export interface LiveKit {
  /** `ws://…`, for clients. */
  readonly url: string;
  /** `http://…`, for its API. */
  readonly httpUrl: string;
  readonly ports: LiveKitPorts;
  roomNames(): Promise<string[]>;
  /** Who is in this room, by identity; nobody where there is no such room. */
  participants(roomName: string): Promise<Present[]>;
  powersOf(identity: string, roomName: string): Promise<Powers>;
  stop(): Promise<void>;
}

/** @throws Error that names the remedy where there is no livekit-server on this machine. */
export function liveKitBinary(): string {
  const binary = findLiveKitServer(process.env);
  if (binary !== undefined) return binary;
  throw new Error(
    'The end-to-end tests need a livekit-server: run `npm run livekit` once, or set LIVEKIT_SERVER to the path of one',
  );
}

export async function startLiveKit(
  keys: KeyPairs = { [LIVEKIT_KEY]: LIVEKIT_SECRET },
  ports?: LiveKitPorts,
  /** Where it sends its webhooks, signed with the first of its keys; default: nowhere. */
  webhookUrl?: string,
): Promise<LiveKit> {
  const taken = ports ?? (await freePorts());
  const child = startChild({
    command: liveKitBinary(),
    env: { LIVEKIT_CONFIG: JSON.stringify(configOf(keys, taken, webhookUrl)) },
  });
  const httpUrl = `http://127.0.0.1:${taken.http}`;
  const [apiKey, apiSecret] = Object.entries(keys).at(-1) ?? [];
  const rooms = new RoomServiceClient(httpUrl, apiKey, apiSecret);
  try {
    const answers = async () => {
      if (child.process.exitCode !== null) throw new Error('it has ended');
      return (await whoAnswers(httpUrl)) === 'livekit';
    };
    await until('livekit-server answers', answers, READY_WITHIN_MS);
  } catch (error) {
    await child.stop(END_WITHIN_MS);
    throw new Error(`livekit-server: ${child.output().slice(-2000)}`, { cause: error });
  }
  return {
    url: `ws://127.0.0.1:${taken.http}`,
    httpUrl,
    ports: taken,
    roomNames: async () => (await rooms.listRooms()).map(({ name }) => name).sort(),
    async participants(roomName) {
      const found = await rooms.listParticipants(roomName).catch((error: unknown) => {
        if (error instanceof ServerError && error.code === 'not_found') return [];
        throw error;
      });
      return found
        .map(({ identity, name, tracks }) => ({
          identity,
          name,
          tracks: tracks.map(({ source }) => TrackSource[source]).sort(),
        }))
        .sort((a, b) => (a.identity < b.identity ? -1 : 1));
    },
    async powersOf(identity, roomName) {
      const { permission } = await rooms.getParticipant(roomName, identity);
      if (permission === undefined) throw new Error(`${identity} has no permissions`);
      const { canPublish, canSubscribe, canPublishData, canUpdateMetadata } = permission;
      const sources = permission.canPublishSources.map((source) => TrackSource[source]);
      return { canPublish, canSubscribe, canPublishData, canUpdateMetadata, sources };
    },
    stop: () => child.stop(END_WITHIN_MS),
  };
}

/** JSON is YAML too. */
const configOf = (keys: KeyPairs, ports: LiveKitPorts, webhookUrl?: string): object => ({
  port: ports.http,
  bind_addresses: ['127.0.0.1'],
  rtc: {
    node_ip: '127.0.0.1',
    use_external_ip: false,
    enable_loopback_candidate: true,
    tcp_port: ports.rtcTcp,
    udp_port: ports.rtcUdp,
    // Nobody answers there, and nobody need: the default would ask Google's.
    stun_servers: ['127.0.0.1:3478'],
  },
  keys,
  ...(webhookUrl !== undefined && {
    webhook: { api_key: Object.keys(keys)[0], urls: [webhookUrl] },
  }),
  logging: { level: 'warn' },
});

async function freePorts(): Promise<LiveKitPorts> {
  const [http = 0, rtcTcp = 0] = await freeTcpPorts(2);
  return { http, rtcTcp, rtcUdp: await freeUdpPort() };
}
