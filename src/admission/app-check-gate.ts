// App Check as a step of the gate: the header X-Firebase-AppCheck, as Firebase's SDKs send it.
import { andThen } from '../base/and-then.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Admit } from '../http/routes.ts';

const HEADER = 'x-firebase-appcheck';

/** What this file needs of the identity room. */
export type CheckAppToken = (token: string | undefined) => AppCheckResult | Promise<AppCheckResult>;
type AppCheckResult = Parameters<Metrics['appChecked']>[0];

/** `monitor` counts and lets everything through, without waiting; `enforce` refuses. */
export function createAppCheckGate(
  mode: 'monitor' | 'enforce',
  check: CheckAppToken,
  metrics: Metrics,
): Admit {
  return (request) => {
    const header = request.headers[HEADER];
    const result = check(typeof header === 'string' ? header : undefined);
    const counted = andThen(result, (known) => {
      metrics.appChecked(known);
      return known;
    });
    return mode === 'enforce' ? andThen(counted, refuseUnlessOk) : undefined;
  };
}

function refuseUnlessOk(result: AppCheckResult): void {
  if (result === 'ok') return;
  if (result === 'unavailable') {
    throw new SwitchboardError(
      'identity_unavailable',
      'Identity check is unavailable. Try again.',
      {
        cause: new Error('App Check tokens cannot be checked now'),
      },
    );
  }
  throw new SwitchboardError('app_check_failed', 'Forbidden: This app is not recognized.', {
    cause: new Error(`App Check token ${result}`),
  });
}
