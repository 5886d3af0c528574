// Resident memory of ours while a million requests come, half of them with new ID tokens.
import { BARS, type Verdict } from './bars.ts';
import { burst } from './load.ts';
import { residentMb } from './resident.ts';
import { type Bench, startServer } from './servers.ts';

const MARKS = [250_000, 500_000, 750_000, 1_000_000];
const BURST_SECONDS = 4;

export async function measureMemory(bench: Bench, say: (line: string) => void): Promise<Verdict[]> {
  const { seenFile, newFile } = bench.tokens;
  const server = await startServer('ours', 'new', bench);
  const resident = new Map<number, number>();
  try {
    say(`memory: ${residentMb(server.pid).toFixed(0)} MB before the first request`);
    let sent = 0;
    for (const mark of MARKS) {
      while (sent < mark) {
        const { requests } = await burst({
          url: server.url,
          files: [seenFile, newFile],
          start: sent,
          seconds: BURST_SECONDS,
        });
        sent += requests;
      }
      resident.set(mark, residentMb(server.pid));
      say(`  ${resident.get(mark)?.toFixed(0)} MB after ${sent} requests`);
    }
  } finally {
    await server.stop();
  }
  const half = resident.get(500_000) ?? Number.NaN;
  const all = resident.get(1_000_000) ?? Number.NaN;
  const growth = all / half - 1;
  return [
    {
      bar: `resident MB after a million requests ≤ ${BARS.residentMb}`,
      measured: all.toFixed(0),
      met: all <= BARS.residentMb,
    },
    {
      bar: `growth of it in the second half million ≤ ${BARS.residentGrowth * 100} %`,
      measured: `${(growth * 100).toFixed(1)} %`,
      met: growth <= BARS.residentGrowth,
    },
  ];
}
