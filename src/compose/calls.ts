// Calls: the database, LiveKit's side of them, and the routes.
import { createCallRoomAccess } from '../access/call-rooms.ts';
import type { RoomAccess } from '../access/room-access.ts';
import { andThen } from '../base/and-then.ts';
import { createCalls } from '../calls/apply-event.ts';
import { isReservedForCalls, roomConfigOf } from '../calls/room-config.ts';
import { createCallLog } from '../events/call-log.ts';
import { createCallMetrics } from '../events/call-metrics.ts';
import { createFeeds } from '../events/feed.ts';
import { createFeedPresence } from '../events/feed-presence.ts';
import { createFeedSeats } from '../events/feed-seats.ts';
import { createLiveKitApi } from '../events/livekit-api.ts';
import { createWait } from '../events/wait.ts';
import type { Admit, Route } from '../http/routes.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { acceptRoute } from '../routes/calls/accept.ts';
import { getRoute } from '../routes/calls/get.ts';
import { admitToCalls, type CallGround } from '../routes/calls/ground.ts';
import { declineRoute, endRoute, leaveRoute } from '../routes/calls/hang-up.ts';
import { inviteRoute } from '../routes/calls/invite.ts';
import { listRoute } from '../routes/calls/list.ts';
import { notConfiguredRoutes } from '../routes/calls/not-configured.ts';
import { placeRoute } from '../routes/calls/place.ts';
import { createCountRings } from '../routes/calls/rings.ts';
import { feedRoute } from '../routes/feed.ts';
import type { Mint } from '../routes/token.ts';
import { createTokenMembers } from '../routes/token-members.ts';
import type { CallSettings, Settings } from '../settings/settings.ts';
import { createTokenMint } from '../tokens/livekit-token.ts';
import type { Admission } from './admission.ts';
import { createCallEvents } from './call-events.ts';
import { createOpening, createStore } from './call-store.ts';
import type { Limits } from './limits.ts';
import type { Ground, Part } from './part.ts';
import { createNames } from './profiles.ts';
import { createRings } from './ring-access.ts';
import type { Rooms } from './room-access.ts';

/** Of one person, on all routes of calls together: ten a second are no phone's. */
const REQUESTS_PER_MINUTE = 600;

export interface Calls extends Part {
  /** The rooms of calls, which the token endpoint serves too. Undefined: calls are off. */
  readonly rooms: CallRooms | undefined;
}

export interface CallRooms {
  isOurs(roomName: string): boolean;
  readonly access: RoomAccess;
  readonly mint: Mint;
}

interface By {
  readonly admission: Admission;
  readonly limits: Limits;
  readonly rooms: Rooms;
  /** Counts refused requests of an address. */
  readonly failures: RateLimit;
}

export function createCallsPart(settings: Settings, ground: Ground, by: By): Calls {
  const admit = by.admission.users(by.limits.limit('calls', REQUESTS_PER_MINUTE));
  const { calls, front } = settings;
  return calls === undefined
    ? { routes: notConfiguredRoutes(front.basePath, admit, ground.log), rooms: undefined }
    : withDatabase({ ...settings, calls }, ground, { ...by, admit });
}

type CallsOn = Settings & { readonly calls: CallSettings };

function withDatabase(settings: CallsOn, ground: Ground, by: By & { admit: Admit }): Calls {
  const { calls, livekit, front } = settings;
  const { clock, log } = ground;
  const { rules } = calls;
  const roomConfig = roomConfigOf(rules);
  const { keys, url } = calls.livekit;
  const store = createStore(calls.database, ground);
  const api = createLiveKitApi({ url, keys, roomConfig, clock, log });
  const metrics = createCallMetrics(ground.metrics.registry);
  const tell = createCallLog(log);
  const { apply } = createCalls({
    ...{ store, rules, askRoom: api.askRoom, log },
    observe(before, after) {
      metrics.observe(before, after);
      tell(before, after);
    },
  });
  const events = createCallEvents(settings, ground, {
    ...{ store, api, apply, failures: by.failures, metrics },
  });
  const names = createNames(calls.names, ground);
  const opening = createOpening(store, ground, events.start);

  const mintToken = createTokenMint({ ...keys, ttlSeconds: livekit.tokenTtlSeconds, roomConfig });
  const mint: Mint = (request) => mintToken(request, clock.now());
  const ringAccess = createRings(calls.ringAccess, { access: by.rooms.access, clock });
  const admit = admitToCalls((request) => andThen(by.admit(request), opening.underWay));
  const seats = createFeedSeats();
  metrics.watchFeeds(seats.open);
  const feeds = createFeeds({ store, showsNames: ringAccess.showsNames, clock });
  const presence = createFeedPresence({ store, clock, log });
  const feed = feedRoute({ path: front.basePath, admit, feeds, seats, presence, clock });
  const routes = callRoutes(
    {
      path: front.basePath,
      admit,
      admitTickets: admit,
      apply,
      store,
      wait: createWait({ store, clock }),
      showsNames: ringAccess.showsNames,
      profiles: names.profiles,
      mint({ user, roomName }) {
        ground.metrics.tokenMinted();
        return mint({ user, roomName, permissions: {} });
      },
      tokenMembers: createTokenMembers(url),
    },
    {
      ringAccess,
      countRings: createCountRings(by.limits.limit('rings', calls.ringsPerMinute)),
      maxParticipants: rules.maxParticipants,
    },
  );
  return {
    routes: [...routes, feed, ...events.routes],
    rooms: { isOurs: isReservedForCalls, access: createCallRoomAccess(store), mint },
    missing() {
      const database = opening.fault();
      const server = api.fault();
      return [
        ...(database === undefined ? [] : [`the database of calls (${database})`]),
        ...(server === undefined ? [] : [`LiveKit (${server})`]),
      ];
    },
    async start() {
      await Promise.all([opening.start(), names.start?.()]);
    },
    async stop() {
      presence.stop();
      await events.stop();
      await names.stop?.();
      await opening.stop();
    },
  };
}

const callRoutes = (ground: CallGround, by: Parameters<typeof placeRoute>[1]): Route[] => [
  placeRoute(ground, by),
  listRoute(ground),
  getRoute(ground),
  acceptRoute(ground),
  declineRoute(ground),
  leaveRoute(ground),
  endRoute(ground),
  inviteRoute(ground, by),
];
