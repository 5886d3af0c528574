// Server-sent events out of text that comes in pieces. EventSource itself can't send an
// Authorization header, and a token does not go into a URL.

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** More than this without the end of an event is no feed of ours. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Takes the next piece and answers what is complete. Comments are only a sign of life. */
export function createEventReader(): (piece: string) => StreamEvent[] {
  let rest = '';
  let event = '';
  let data: string[] = [];
  let held = 0;

  const take = (line: string): StreamEvent | undefined => {
    if (line === '') {
      const complete =
        data.length === 0 ? undefined : { event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
      held = 0;
      return complete;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    if (field === 'data') {
      data.push(value);
      held += value.length + 1;
    }
    return undefined;
  };

  return (piece) => {
    rest += piece;
    const events: StreamEvent[] = [];
    // A CR at the end may be the half of a CRLF.
    for (let match = /\r\n|\n|\r(?!$)/.exec(rest); match; match = /\r\n|\n|\r(?!$)/.exec(rest)) {
      const complete = take(rest.slice(0, match.index));
      rest = rest.slice(match.index + match[0].length);
      if (complete !== undefined) events.push(complete);
    }
    if (rest.length + held > MOST_CHARACTERS) throw new Error('an event without an end');
    return events;
  };
}
