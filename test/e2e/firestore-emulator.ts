// Google's own emulator of Firestore, where the machine has it: it can't be installed from a registry.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { startChild } from './child.ts';
import { freeTcpPorts } from './ports.ts';
import { until } from './until.ts';

const MAIN_CLASS = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';
const PACKAGE = 'google-cloud-cli-firestore-emulator';

/** The jar named by FIRESTORE_EMULATOR_JAR, or that of the installed package. */
export function emulatorJar(): string | undefined {
  const named = process.env.FIRESTORE_EMULATOR_JAR;
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new Error(`FIRESTORE_EMULATOR_JAR names ${named}, and there is no such file`);
  }
  try {
    const files = execFileSync('dpkg', ['-L', PACKAGE], { encoding: 'utf8', stdio: 'pipe' });
    return files.split('\n').find((file) => file.endsWith('cloud-firestore-emulator.jar'));
  } catch {
    return undefined;
  }
}

export interface Emulator {
  /** As FIRESTORE_EMULATOR_HOST has it. */
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startEmulator(jar: string): Promise<Emulator> {
  // The emulator can't take any port and say which.
  const port = (await freeTcpPorts(1))[0] as number;
  const child = startChild({
    command: 'java',
    args: ['-cp', jar, MAIN_CLASS, 'start', '--host=127.0.0.1', `--port=${port}`],
    env: { PATH: process.env.PATH, JAVA_HOME: process.env.JAVA_HOME, HOME: process.env.HOME },
  });
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.ok,
      () => false,
    );
  try {
    await until('the Firestore emulator answers', answers, 30_000);
  } catch (error) {
    await child.stop();
    throw new Error(`the Firestore emulator (Java 17 or later) did not start:\n${child.output()}`, {
      cause: error,
    });
  }
  return { host: `127.0.0.1:${port}`, port, stop: () => child.stop() };
}
