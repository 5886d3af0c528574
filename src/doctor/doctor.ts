// The command that says what is wrong before users do: each dependency tried once, for real.
// No output of it ever holds a secret.
import { systemClock } from '../base/clock.ts';
import { failed } from '../base/network-faults.ts';
import { type Config, ConfigError, loadConfig } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';
import { VARIABLES } from '../settings/table.ts';
import { type ApnsParts, apnsCheck } from './apns.ts';
import { callChecks } from './calls.ts';
import { type Check, ok, type Report, runChecks } from './check.ts';
import { createFirebaseChecks, type FirebaseParts } from './firebase.ts';
import { appCheckKeysCheck, clockCheck, googleKeysCheck } from './google-keys.ts';
import { liveKitCheck, tokenCheck } from './livekit.ts';
import { redisCheck } from './redis.ts';
import { isGood, jsonOf, lineOf } from './report.ts';
import { roomAccessCheck } from './room-access.ts';
import { type WebhookUrlParts, webhookUrlChecks } from './webhook-urls.ts';

/** What is used of a stream; `process.stdout` fits as it is. */
interface Output {
  write(text: string): unknown;
  /** Absent where there is no terminal. */
  hasColors?(): boolean;
}

export interface DoctorParts extends FirebaseParts, ApnsParts, WebhookUrlParts {}

export interface DoctorOptions {
  readonly json: boolean;
  readonly out: Output;
  readonly parts?: Partial<DoctorParts>;
}

/** Runs every check and tells what it found. Resolves with whether nothing failed. */
export async function doctor(env: Environment, options: DoctorOptions): Promise<boolean> {
  const { json, out } = options;
  const inColor = out.hasColors?.() ?? false;
  const reports: Report[] = [];
  const tell = (report: Report) => {
    reports.push(report);
    if (!json) out.write(lineOf(report, inColor));
  };
  const unmute = muteConsole();
  try {
    await diagnose(env, { clock: systemClock, ...options.parts }, tell);
  } finally {
    unmute();
  }
  if (json) out.write(jsonOf(reports));
  return isGood(reports);
}

async function diagnose(
  env: Environment,
  parts: DoctorParts,
  tell: (report: Report) => void,
): Promise<void> {
  let config: Config;
  try {
    config = loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Half a configuration would only blame the wrong part.
    for (const problem of error.problems) tell(configurationFault(problem));
    const fix = 'correct the name, if that was meant';
    for (const hint of error.hints) {
      tell({ name: 'Configuration', ...failed(hint, fix), ms: 0 });
    }
    return;
  }
  const { settings } = config;
  const firebase = createFirebaseChecks(config, env, parts);
  const checks: Check[] = [
    googleKeysCheck(settings.identity),
    clockCheck(settings.identity, parts.clock),
    appCheckKeysCheck(settings.appCheck),
    firebase.serviceAccount,
    firebase.accountLookUp,
    roomAccessCheck(settings.access, firebase.firestore),
    redisCheck(settings.limits),
    liveKitCheck(config),
    tokenCheck(settings.livekit, parts.clock),
    ...callChecks(settings, parts.clock),
    ...(settings.calls === undefined
      ? []
      : [
          ...webhookUrlChecks(settings.calls.host, parts),
          firebase.fcm,
          apnsCheck(settings.calls.push.apns, parts),
        ]),
  ];
  tell({ name: 'Configuration', ...ok('every variable is in order'), ms: 0 });
  for (const warning of config.warnings) {
    tell({ name: 'Configuration', ...ok(`warning: ${warning}`), ms: 0 });
  }
  await runChecks(checks, parts.clock, tell);
  // Not awaited: what hangs already would hang here too.
  void firebase.close().catch(() => {});
}

function configurationFault(problem: string): Report {
  const [name = ''] = problem.split(' ', 1);
  const meaning = VARIABLES.find(({ variable }) => variable === name)?.meaning;
  const act = problem.endsWith('is required') ? 'set' : 'correct';
  const wanting = / is required with /.test(problem) ? `set ${name}` : undefined;
  const fix =
    // What it means says what its absence means, where nothing else wants it.
    wanting ?? (meaning === undefined ? 'correct these variables' : `${act} ${name} (${meaning})`);
  // Some sentences quote the value; where it is a URL it may hold a password.
  const detail = problem.replaceAll(/[^\s/,@]*:[^\s/,@]*@/g, '...@');
  return { name: 'Configuration', ...failed(detail, fix), ms: 0 };
}

/** SDKs print answers that they cannot parse, tokens and all, and `--json` must stay JSON. */
function muteConsole(): () => void {
  const { console } = globalThis;
  const { debug, log, info, warn, error } = console;
  const silent = () => {};
  Object.assign(console, { debug: silent, log: silent, info: silent, warn: silent, error: silent });
  return () => void Object.assign(console, { debug, log, info, warn, error });
}
