// The store out of reach is an answer, and no bug.
import { SwitchboardError } from '../base/errors.ts';
import { StoreUnavailable } from './store.ts';

/** Throws `calls_unavailable` in place of {@link StoreUnavailable}. */
export async function withStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new SwitchboardError('calls_unavailable', 'Calls are unavailable. Try again.', {
      cause: error.cause ?? error,
    });
  }
}
