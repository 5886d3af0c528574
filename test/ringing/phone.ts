// A phone as far as pushes go: it rings for the last that has arrived.
import type { Push } from '../../src/ringing/push.ts';

export interface Phone {
  readonly name: string;
  arrived(push: Push): void;
  /** He has answered or declined here: late pushes of that ring ring no more. */
  acted(): void;
  rungAnew(): void;
  isRinging(): boolean;
}

export function createPhone(name: string): Phone {
  let isRinging = false;
  let hasActed = false;
  return {
    name,
    arrived({ message }) {
      isRinging = message.type === 'ring' && !hasActed;
    },
    acted() {
      isRinging = false;
      hasActed = true;
    },
    rungAnew() {
      hasActed = false;
    },
    isRinging: () => isRinging,
  };
}
