// What a Markdown text names: as much of its grammar as our own texts use.
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** Of its first line, counted from one. */
  readonly line: number;
}

const FENCE = /^( *)```(\S*)[^\n]*\n(.*?)^\1```/gms;

export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(FENCE)].map(({ index, 2: language = '', 3: code = '' }) => ({
    language,
    code,
    line: text.slice(0, index).split('\n').length + 1,
  }));
}

/** Targets of links and pictures, in Markdown and in HTML. */
export function links(text: string): string[] {
  const prose = text.replace(FENCE, '').replace(/`[^`\n]*`/g, '');
  const patterns = [
    /\]\(<?([^\s)>]+)>?(?: "[^"]*")?\)/g,
    /^\[[^\]]+\]: *(\S+)/gm,
    /\b(?:href|src)="([^"]+)"/g,
  ];
  return patterns.flatMap((pattern) => [...prose.matchAll(pattern)].map(([, to = '']) => to));
}

/** What stands between single backticks outside code blocks. */
export function codeSpans(text: string): string[] {
  return [...text.replace(FENCE, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

/** Anchors of the headings, as GitHub makes them. */
export function anchors(text: string): Set<string> {
  const headings = [...text.replace(FENCE, '').matchAll(/^#{1,6} +(.+?) *#*$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
