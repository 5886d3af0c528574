// App Check as a step of the gate: the header X-Firebase-AppCheck, as Firebase's SDKs send it.
import type { FastifyRequest } from 'fastify';
import { andThen } from '../base/and-then.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { AppCheckCause, TokenFault } from '../base/token-fault.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Admit } from '../http/routes.ts';
import { addressKey } from './client-address.ts';
import type { RefusalWatch } from './refusal-watch.ts';

const HEADER = 'x-firebase-appcheck';

/** What this file needs of the identity room. */
export type CheckAppToken = (token: string | undefined) => AppVerdict | Promise<AppVerdict>;
interface AppVerdict {
  readonly result: Parameters<Metrics['appChecked']>[0];
  readonly fault?: TokenFault<AppCheckCause>;
}

/** `monitor` counts and lets everything through, without waiting; `enforce` refuses. */
export function createAppCheckGate(options: {
  mode: 'monitor' | 'enforce';
  check: CheckAppToken;
  metrics: Pick<Metrics, 'appChecked' | 'appTokenRefused'>;
  watch: RefusalWatch;
}): Admit {
  const { mode, check, metrics, watch } = options;

  function tell({ fault }: AppVerdict, request: FastifyRequest): void {
    if (fault === undefined) return;
    metrics.appTokenRefused(fault.cause);
    // That old versions of an app send none is no news.
    if (fault.cause !== 'missing') watch.refused(fault, addressKey(request.clientAddress));
  }

  return (request) => {
    const header = request.headers[HEADER];
    const verdict = check(typeof header === 'string' ? header : undefined);
    const counted = andThen(verdict, (known) => {
      metrics.appChecked(known.result);
      if (known.result === 'ok') watch.accepted();
      else tell(known, request);
      return known;
    });
    return mode === 'enforce' ? andThen(counted, refuseUnlessOk) : undefined;
  };
}

function refuseUnlessOk({ result, fault }: AppVerdict): void {
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
    cause: fault,
  });
}
