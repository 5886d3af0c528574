// A push in a line for the terminal.

/** `push ring  FCM  bob’s Android  rings`: what, by whom, to whom, and what came of it. */
export function pushLine(push: {
  readonly type: unknown;
  readonly provider: string;
  /** Undefined: the push does not say. */
  readonly uid: string | undefined;
  readonly phone?: string | undefined;
  readonly outcome: string;
}): string {
  const { type, provider, uid = 'somebody', phone, outcome } = push;
  const what = type === 'ring' ? 'push ring' : 'push stop';
  const whom = phone === undefined ? uid : `${uid}’s ${phone}`;
  return [what, provider, whom, outcome].join('  ');
}
