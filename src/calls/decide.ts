// Decides what an event does. Pure: how things stand goes in, what is to be written comes out.
import { accept, alerting, decline } from './answer.ts';
import type { CallRules } from './call.ts';
import { changedCallOf } from './changed-call.ts';
import { applyDeadlines } from './deadlines.ts';
import { type Draft, isChanged } from './draft.ts';
import type { CallEvent } from './event.ts';
import { invite } from './invite.ts';
import { end, leave } from './leaving.ts';
import { place } from './place.ts';
import { joined, left, sweep } from './presence.ts';
import { type DoubtfulSeat, done, refused, type Stage, stageOf, type Verdict } from './stage.ts';
import type { Decision, Scene } from './store.ts';

/** What an event led to, and what that hung on: seats that LiveKit may know to be empty. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly doubts: readonly DoubtfulSeat[];
}

/** Every passed deadline counts first, then the event: it does not matter who was how busy when. */
export function decide(scene: Scene, event: CallEvent, rules: CallRules): Decision<Judgement> {
  const stage = stageOf(scene, rules);
  const drafts = stage.call === undefined ? stage.others : [stage.call, ...stage.others];
  for (const draft of drafts) applyDeadlines(draft, stage.now);
  const { verdict, placed } = happen(stage, event);
  const all = placed === undefined ? drafts : [...drafts, placed];
  return {
    changed: all.filter(isChanged).map((draft) => changedCallOf(draft, { event, now: stage.now })),
    result: { verdict, doubts: stage.doubts },
  };
}

function happen(stage: Stage, event: CallEvent): { verdict: Verdict; placed?: Draft } {
  return event.type === 'place' ? place(stage, event) : { verdict: verdictOf(stage, event) };
}

function verdictOf(stage: Stage, event: Exclude<CallEvent, { readonly type: 'place' }>): Verdict {
  switch (event.type) {
    case 'accept':
      return accept(stage, event);
    case 'decline':
      return decline(stage, event);
    case 'leave':
      return leave(stage, event);
    case 'end':
      return end(stage, event);
    case 'alerting':
      return alerting(stage, event);
    case 'invite':
      return invite(stage, event);
    case 'joined':
      return joined(stage, event);
    case 'left':
      return left(stage, event);
    case 'sweep':
      return sweep(stage, event);
    case 'tick':
      return stage.call === undefined ? refused('not_found') : done(stage.call);
    default:
      return event satisfies never;
  }
}
