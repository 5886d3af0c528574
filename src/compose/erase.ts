// livekit-switchboard erase: somebody wants to be forgotten.
import { faultOfPerson } from '../base/ids.ts';
import { createCalls } from '../calls/apply-event.ts';
import { ConfigError, loadCallRules } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';
import { onDatabase, SILENT } from './database-command.ts';
import { eraseUser } from './erase-user.ts';

/** Answers what it did, in a sentence. Rejects with one for the operator. */
export async function erase(env: Environment, uid: string): Promise<string> {
  const fault = faultOfPerson(uid);
  if (fault !== undefined) throw new ConfigError([`the uid ${fault}`]);
  const { leftCalls, wasKnown } = await onDatabase(env, async (store) => {
    const { apply } = createCalls({
      ...{ store, rules: loadCallRules(env), log: SILENT },
      // Nobody's seat stands in his way out.
      askRoom: async () => undefined,
    });
    return eraseUser(uid, { apply, store });
  });
  if (!wasKnown) return 'Nothing was there of this uid.';
  const left =
    leftCalls === 0
      ? ''
      : `They were in ${leftCalls === 1 ? 'a call' : `${leftCalls} calls`}, which they have left. `;
  return `Erased. ${left}Whoever signs in with this uid again is somebody new.`;
}
