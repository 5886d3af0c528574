// A phone whose app is killed: the native code alone. It knows what a push has told it, and what the
// ticket in it lets it ask.
import { type Clock, pause } from '../../base/clock.ts';
import { createTicketClient, type Ringing, type SeenCall } from './ticket-client.ts';

const AGAIN_MS = 1_000;
const SEATED = ['joining', 'joined', 'lost'];

export type PushFields = Readonly<Record<string, unknown>>;

/** What is on its lock screen. */
export interface LockScreen {
  readonly ring?: {
    readonly callId: string;
    readonly ticket: string;
    /** Undefined: the push did not say. */
    readonly caller: string | undefined;
    readonly kind: string | undefined;
    /** By this machine's clock, in ms. */
    readonly endsAt: number;
    /** This phone has the seat, and the app is not open yet. */
    readonly isAccepted: boolean;
  };
  readonly missed?: { readonly title?: string; readonly body: string };
}

export interface LockedPhone {
  /** Does what the push says, and tells that in a few words. */
  take(push: PushFields): string;
  screen(): LockScreen;
  /** Somebody has opened the app, and seen what lay there. */
  unlock(): void;
  stop(): void;
}

interface Ring extends Ringing {
  caller: string | undefined;
  kind: string | undefined;
  endsAt: number;
  isAccepted: boolean;
}

/** `callsUrl`: where the routes of calls are. */
export function createLockedPhone(parts: {
  readonly installationId: string;
  readonly callsUrl: () => string;
  readonly clock: Clock;
}): LockedPhone {
  const { installationId, callsUrl, clock } = parts;
  const { alerting, look } = createTicketClient({ callsUrl, clock });
  let ring: Ring | undefined;
  let missed: LockScreen['missed'];

  function end(mine: Ring): void {
    mine.ending.abort();
    if (ring === mine) ring = undefined;
  }

  /** Held open until the call rings here no more, and where this phone has it, until it has it no more. */
  async function watch(mine: Ring): Promise<void> {
    let query = '';
    while (ring === mine) {
      const seen = await look(mine, query);
      if (ring !== mine) return;
      if (seen === 'over') end(mine);
      else if (seen === undefined) await pause(clock, AGAIN_MS);
      else {
        learn(mine, seen);
        query = `?waitSeconds=25&after=${seen.version}`;
      }
    }
  }

  function learn(mine: Ring, { kind, caller, me, parties }: SeenCall): void {
    mine.kind ??= kind;
    mine.caller ??= parties.find(({ uid }) => uid === caller)?.name;
    mine.isAccepted = SEATED.includes(me.state) && me.device === installationId;
    if (me.state !== 'ringing' && !mine.isAccepted) end(mine);
  }

  function rings(push: PushFields): string {
    const { id, ticket, nameCaller, kind, durationMs } = textsOf(push);
    if (id === undefined || ticket === undefined) return 'is none that it knows';
    if (ring?.callId === id) return 'rings already';
    if (ring !== undefined) return 'rings for another call';
    const lastsMs = Number(durationMs ?? 45_000);
    const mine: Ring = {
      ...{ callId: id, ticket, caller: nameCaller, kind },
      ...{ endsAt: clock.now() + lastsMs, isAccepted: false, ending: new AbortController() },
    };
    ring = mine;
    missed = undefined;
    clock.after(lastsMs, () => {
      if (!mine.isAccepted) end(mine);
    });
    // Whether it is heard or not: the phone rings.
    void alerting(mine);
    void watch(mine);
    return 'rings';
  }

  function stops(push: PushFields): string {
    const { id, device, title, body } = textsOf(push);
    if (device === installationId) return 'has the call itself';
    const wasRinging = ring !== undefined && ring.callId === id;
    if (wasRinging && ring !== undefined) end(ring);
    const stopped = wasRinging ? 'stops ringing' : 'had stopped: it was watching';
    if (body === undefined) return stopped;
    missed = { ...(title !== undefined && { title }), body };
    return `${stopped}; shows a missed call`;
  }

  return {
    take: (push) => (push.type === 'ring' ? rings(push) : stops(push)),
    screen() {
      const { ending: _, ...shown } = ring ?? { ending: undefined };
      return {
        ...(ring !== undefined && { ring: shown as NonNullable<LockScreen['ring']> }),
        ...(missed !== undefined && { missed }),
      };
    },
    unlock() {
      missed = undefined;
    },
    stop() {
      if (ring !== undefined) end(ring);
    },
  };
}

/** FCM has texts alone, APNs numbers too. */
const textsOf = (push: PushFields): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(push).map(([name, value]) => [name, String(value)]));
