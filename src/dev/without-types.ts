// TypeScript for a browser, by Node's own means.
import { stripTypeScriptTypes } from 'node:module';

const written = new Map<string, string>();

/** What is no JavaScript becomes blank: lines stay where they are. */
export function withoutTypes(source: string): string {
  const known = written.get(source);
  if (known !== undefined) return known;
  const javaScript = quietly(() => stripTypeScriptTypes(source));
  written.set(source, javaScript);
  return javaScript;
}

/** Node warns that it may change: nothing that a developer of calls could do anything about. */
function quietly<T>(run: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return run();
  } finally {
    process.emitWarning = emitWarning;
  }
}
