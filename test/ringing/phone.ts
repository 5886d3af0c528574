// A phone as far as pushes go: it rings for the last that has arrived.
import type { Push } from '../../src/ringing/push.ts';

export interface Phone {
  readonly name: string;
  /** The provider is asked; it may arrive later, or never. */
  sent(push: Push): void;
  arrived(push: Push): void;
  /** He has answered or declined here: late pushes of that ring ring no more. */
  acted(): void;
  rungAnew(): void;
  isRinging(): boolean;
  /** That the ring is over on which he had acted here. */
  wasToldInVain(): boolean;
}

export function createPhone(name: string): Phone {
  let isRinging = false;
  let hasActed = false;
  let wasToldInVain = false;
  return {
    name,
    sent({ message }) {
      if (message.type === 'stop_ring' && hasActed) wasToldInVain = true;
    },
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
    wasToldInVain: () => wasToldInVain,
  };
}
