// A real nginx of one's own in front of a server: in a temporary folder, on a free port of loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { freeTcpPorts } from './ports.ts';
import { until } from './until.ts';

export interface Nginx {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Where it puts things that are too big for memory; compiled in are folders of root's. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** As Debian's package has it, gzip included; `directives` stand beside `proxy_pass`. */
export async function startNginx(
  upstream: string,
  directives: readonly string[] = [],
): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-nginx-'));
  const [port] = (await freeTcpPorts(1)) as [number];
  const configuration = `
    # The folder is its owner's alone.
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    master_process off;
    error_log stderr warn;
    pid ${folder}/pid;
    events {}
    http {
      access_log off;
      gzip on;
      ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n      ')}
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${upstream};
          ${directives.map((directive) => `${directive};`).join('\n          ')}
        }
      }
    }`;
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration);
  const child = startChild({
    command: 'nginx',
    args: ['-c', file],
    // Where Debian puts it, which is on no user's path.
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const origin = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await child.stop();
    rmSync(folder, { recursive: true });
  };
  try {
    await until(`nginx answers: ${child.output()}`, () =>
      fetch(origin).then(
        () => true,
        () => false,
      ),
    );
    return { origin, stop };
  } catch (error) {
    await stop();
    throw new Error(child.output(), { cause: error });
  }
}
