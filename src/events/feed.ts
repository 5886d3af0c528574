// A person's feed: not a log of the past, but each changed call as it is now.
import type { Clock } from '../base/clock.ts';
import type { UserId } from '../base/ids.ts';
import { type Cause, partyOf } from '../calls/call.ts';
import type { CallStore, FeedPage, FeedPosition } from '../calls/store.ts';
import { type CallView, type Sight, viewOf } from '../calls/view.ts';
import { type Bell, createBell } from './bell.ts';

/** Of one look; what is beyond comes with the next. */
const PAGE = 50;

export interface Change {
  readonly cursor: string;
  /** What has changed last. */
  readonly cause: Cause;
  readonly call: CallView;
}

/** What there is to say at once. */
export type News =
  | { readonly cursor: string; readonly serverTime: string; readonly changes: readonly Change[] }
  /** All live calls: the cursor was none of this feed. */
  | { readonly cursor: string; readonly serverTime: string; readonly calls: readonly CallView[] };

export const isSnapshot = (news: News): news is Extract<News, { calls: unknown }> =>
  'calls' in news;
export const isEmpty = (news: News): boolean => !isSnapshot(news) && news.changes.length === 0;

/** Reads one person's feed on from a cursor. Each look moves it on. */
export interface FeedReader {
  /** What is new since the last look. Rejects with StoreUnavailable and stays where it is. */
  look(): Promise<News>;
  /** Until something may be new, the time is over or the signal aborts. */
  readonly wait: Bell['wait'];
  close(): void;
}

export interface Feeds {
  /** A cursor that is none of this feed, or none at all, begins with a snapshot. */
  open(uid: UserId, cursor: string | undefined): FeedReader;
}

export function createFeeds(options: {
  store: Pick<CallStore, 'feed' | 'feedOn' | 'onChangeFor'>;
  showsNames: Sight['showsNames'];
  clock: Clock;
}): Feeds {
  const { store, showsNames, clock } = options;
  const open = new Map<UserId, Person>();
  const personOf = (uid: UserId): Person => {
    const known = open.get(uid) ?? createPerson(uid, store, () => open.delete(uid));
    open.set(uid, known);
    return known;
  };
  return {
    open(uid, cursor) {
      let position = cursor === undefined ? undefined : positionOf(cursor);
      let isOpen = false;
      const bell = createBell(clock);
      const person = personOf(uid);
      person.bells.add(bell);
      return {
        async look() {
          bell.hush();
          const page = await person.look(position, isOpen);
          // There is more at once.
          if (page.calls.length >= PAGE) bell.ring();
          position = page.position;
          isOpen = true;
          return newsOf(page, uid, showsNames);
        },
        wait: bell.wait,
        close: () => person.leave(bell),
      };
    },
  };
}

/** Somebody with open readers: tabs, phones. */
interface Person {
  readonly bells: Set<Bell>;
  /** Readers who stand at the same place look once. `isOpen`: this one has looked before. */
  look(from: FeedPosition | undefined, isOpen: boolean): Promise<FeedPage>;
  leave(bell: Bell): void;
}

function createPerson(
  uid: UserId,
  store: Pick<CallStore, 'feed' | 'feedOn' | 'onChangeFor'>,
  onLast: () => void,
): Person {
  const bells = new Set<Bell>();
  const looks = new Map<string, Promise<FeedPage>>();
  // Before the first look, or a change between the two would be missed.
  const unsubscribe = store.onChangeFor(uid, () => {
    // What is under way may have been asked before the change.
    looks.clear();
    for (const bell of bells) bell.ring();
  });
  return {
    bells,
    look(from, isOpen) {
      const isOn = from !== undefined && isOpen;
      const place = `${isOn} ${from === undefined ? '' : cursorOf(from)}`;
      const underWay = looks.get(place);
      if (underWay !== undefined) return underWay;
      const look = isOn ? store.feedOn(uid, from, PAGE) : store.feed(uid, from, PAGE);
      looks.set(place, look);
      const done = () => {
        if (looks.get(place) === look) looks.delete(place);
      };
      look.then(done, done);
      return look;
    },
    leave(bell) {
      if (!bells.delete(bell) || bells.size > 0) return;
      unsubscribe();
      onLast();
    },
  };
}

function newsOf(page: FeedPage, uid: UserId, showsNames: Sight['showsNames']): News {
  const { position, calls, now } = page;
  const sight = { now, showsNames };
  const about = { cursor: cursorOf(position), serverTime: new Date(now).toISOString() };
  const views = calls.map((call) => viewOf(call, uid, sight));
  if (page.isSnapshot) return { ...about, calls: views };
  const changes = views.map((call, index) => ({
    cursor: cursorOf({ epoch: position.epoch, version: call.version }),
    cause: partyOf(calls[index] as FeedPage['calls'][number], uid)?.cause as Cause,
    call,
  }));
  return { ...about, changes };
}

const cursorOf = ({ epoch, version }: FeedPosition): string => `${epoch}.${version}`;

/** Undefined: it is no cursor of ours. */
function positionOf(cursor: string): FeedPosition | undefined {
  const [, epoch, version] = /^([\w-]{1,64})\.(0|[1-9]\d{0,14})$/.exec(cursor) ?? [];
  return epoch === undefined ? undefined : { epoch, version: Number(version) };
}
