// A call as the host's backend sees it: whole, and in nobody's eyes.
import { type Call, type Party, partyOf } from './call.ts';
import type { HostCall, HostParty } from './host-event.ts';
import { defined, talkSecondsOf, timeOf } from './view.ts';

/** Without names: events are kept until they are told, and names are not. */
export function hostCallOf(call: Call): HostCall {
  const { id, kind, context, data, isGroup, state, outcome, reason, caller } = call;
  return defined({
    ...{ id, kind, context },
    data: data === undefined ? undefined : (JSON.parse(data) as unknown),
    ...{ isGroup, state, outcome, reason },
    createdAt: timeOf(call.createdAt),
    activeAt: timeOf(call.activeAt),
    endedAt: timeOf(call.endedAt),
    talkSeconds: outcome === 'answered' ? talkSecondsOf(call) : undefined,
    caller,
    parties: call.parties.map(hostPartyOf),
  });
}

/** `call` is where the names are known: the same one, as it was read last. */
export function withNames(hostCall: HostCall, call: Call): HostCall {
  const parties = hostCall.parties.map((party) => {
    const known = partyOf(call, party.uid);
    return { ...party, ...defined({ name: known?.name, picture: known?.picture }) };
  });
  return { ...hostCall, parties };
}

function hostPartyOf({ uid, role, state, reason, isHidden, device }: Party): HostParty {
  return defined({
    ...{ uid, role, state, reason },
    isHidden: isHidden ? (true as const) : undefined,
    device,
  });
}
