// A logger that keeps its lines.
import type { Logger } from '../../src/base/log.ts';

export interface FakeLog extends Logger {
  readonly lines: { level: keyof Logger; fields: object; message: string }[];
}

export function createFakeLog(): FakeLog {
  const lines: FakeLog['lines'] = [];
  const at = (level: keyof Logger) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
