// Calls: the database, LiveKit's side of them, pushes, the host's ears, and the routes.
import { createCallRoomAccess } from '../access/call-rooms.ts';
import type { Profiles } from '../access/profiles.ts';
import { andThen } from '../base/and-then.ts';
import { userFromClaims } from '../base/user.ts';
import { type Calls as Applying, createCalls } from '../calls/apply-event.ts';
import type { CallRules } from '../calls/call.ts';
import { isReservedForCalls, roomConfigOf } from '../calls/room-config.ts';
import { createCallLog } from '../events/call-log.ts';
import { createCallMetrics } from '../events/call-metrics.ts';
import { createFeeds } from '../events/feed.ts';
import { createFeedPresence } from '../events/feed-presence.ts';
import { createFeedSeats } from '../events/feed-seats.ts';
import { createLiveKitApi } from '../events/livekit-api.ts';
import { createWait } from '../events/wait.ts';
import type { Admit } from '../http/routes.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { admitToCalls } from '../routes/calls/ground.ts';
import { createCountRings } from '../routes/calls/rings.ts';
import { feedRoute } from '../routes/feed.ts';
import type { Mint } from '../routes/token.ts';
import { createTokenMembers } from '../routes/token-members.ts';
import type { CallSettings, Settings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import { createTokenMint } from '../tokens/livekit-token.ts';
import { createCallEvents } from './call-events.ts';
import { callRoutes } from './call-routes.ts';
import { createOpening, createStore, type Opening } from './call-store.ts';
import { type CallsBy, type CallsPart, REQUESTS_PER_MINUTE } from './calls-part.ts';
import { createHostCalls, type HostCalls } from './host-calls.ts';
import { createHostEvents } from './host-events.ts';
import type { Ground } from './part.ts';
import { createNames } from './profiles.ts';
import { createRings } from './ring-access.ts';
import { createRinging, type Ringing } from './ringing.ts';
import { withoutCalls } from './without-calls.ts';

/** Of one person: more often nobody answers, comes back to a group or moves to another device. */
const SEATS_PER_MINUTE = 30;

export function createCallsPart(settings: Settings, ground: Ground, by: CallsBy): CallsPart {
  const { calls } = settings;
  if (calls === undefined) return withoutCalls(settings, ground, by);
  const limit = by.limits.limit('calls', REQUESTS_PER_MINUTE);
  return withDatabase({ ...settings, calls }, ground, { ...by, limit });
}

type CallsOn = Settings & { readonly calls: CallSettings };

/** `limit`: of one person, on all routes of calls together. */
function withDatabase(
  settings: CallsOn,
  ground: Ground,
  by: CallsBy & { limit: RateLimit },
): CallsPart {
  const { calls, livekit, front } = settings;
  const { clock, log } = ground;
  const { keys, url } = calls.livekit;
  const store = createStore(calls.database, ground);
  const ringing = createRinging(calls, ground, { store, senders: by.senders });
  const hostEvents = createHostEvents(calls.host, ground, store);
  const rules = { ...calls.rules, pushes: ringing.isOn, hostTargets: hostEvents.targetIds };
  const roomConfig = roomConfigOf(rules);
  const api = createLiveKitApi({ url, keys, roomConfig, clock, log });
  const metrics = createCallMetrics(ground.metrics.registry);
  const tell = createCallLog(log);
  const { apply } = createCalls({
    ...{ store, rules, askRoom: api.askRoom, log },
    observe(before, after) {
      metrics.observe(before, after);
      ringing.metrics.observe(before, after);
      tell(before, after);
    },
  });
  const events = createCallEvents(settings, ground, {
    ...{ store, api, apply, failures: by.failures, metrics, lanes: [ringing, hostEvents] },
  });
  const names = createNames(calls.names, ground);
  const opening = createOpening(store, ground, events.start);

  const mintToken = createTokenMint({ ...keys, ttlSeconds: livekit.tokenTtlSeconds, roomConfig });
  const mint: Mint = (request) => mintToken(request, clock.now());
  const ringAccess = createRings(calls.ringAccess, { access: by.rooms.access, clock });
  const { showsNames } = ringAccess;
  const admits = admitsOf(by, { store, opening, ringing });
  const seats = createFeedSeats();
  metrics.watchFeeds(seats.open);
  const feeds = createFeeds({ store, showsNames, clock });
  const presence = createFeedPresence({ store, clock, log });
  const path = front.basePath;
  const feed = feedRoute({ path, admit: admits.admit, feeds, seats, presence, clock });
  const routes = callRoutes(
    {
      ...{ path, ...admits, apply, store, clock, showsNames, profiles: names.profiles },
      wait: createWait({ store, clock }),
      mint({ user, roomName }) {
        ground.metrics.tokenMinted();
        return mint({ user, roomName, permissions: {} });
      },
      tokenMembers: createTokenMembers(url),
      kindsServed: ringing.kindsServed,
    },
    {
      ringAccess,
      countRings: createCountRings(by.limits.limit('rings', calls.ringsPerMinute)),
      seats: by.limits.limit('seats', SEATS_PER_MINUTE),
      maxParticipants: rules.maxParticipants,
      rings: store,
      onAlerting: ringing.metrics.alerted,
    },
  );
  return {
    routes: [...routes, feed, ...events.routes],
    rooms: { isOurs: isReservedForCalls, access: createCallRoomAccess(store), mint },
    hostCalls: hostCallsOf(by, { apply, store, opening, rules, profiles: names.profiles }),
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

function hostCallsOf(
  { begin, limits }: CallsBy,
  parts: {
    readonly apply: Applying['apply'];
    readonly store: Store;
    readonly opening: Opening;
    readonly rules: CallRules;
    readonly profiles: Profiles;
  },
): HostCalls {
  const { apply, store, opening, rules, profiles } = parts;
  return createHostCalls({
    ...{ store, maxParticipants: rules.maxParticipants, forgetCounters: limits.forget },
    async apply(event) {
      if (event.type !== 'place') return apply(event);
      // Who calls has shown no ID token, and the name that is known out of one stays.
      const profile = await profiles.of(userFromClaims(event.caller, {}));
      return apply(event, profile?.name === undefined ? {} : { profile });
    },
    opened() {
      begin();
      return opening.underWay();
    },
  });
}

function admitsOf(
  { admission, limit }: CallsBy & { limit: RateLimit },
  parts: { readonly store: Store; readonly opening: Opening; readonly ringing: Ringing },
): { readonly admit: Admit; readonly admitTickets: Admit } {
  const { store, opening, ringing } = parts;
  const admitOnceOpen = (admit: Admit): Admit =>
    admitToCalls((request) => andThen(admit(request), opening.underWay));
  const byTicket = {
    tickets: ringing.tickets,
    store: {
      // Whose ticket it is the database says, which may still be on its way.
      call: async (...asked: Parameters<Store['call']>) => {
        await opening.underWay();
        return store.call(...asked);
      },
      devicesOf: store.devicesOf,
    },
  };
  return {
    admit: admitOnceOpen(admission.users(limit)),
    admitTickets: admitOnceOpen(admission.usersAndTickets(limit, byTicket)),
  };
}
