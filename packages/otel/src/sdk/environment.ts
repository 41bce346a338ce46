import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from './missing.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A line of a `.env` file, with its value in quotes or up to a comment. */
const LINE = /^[ \t]*(?:export[ \t]+)?(OTEL_\w+)[ \t]*=[ \t]*(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^#\r\n]*))/gm;

const SIGNALS = ['TRACES', 'METRICS', 'LOGS'] as const;

/** The variables of a process, and those named `OTEL_…` of a `.env` file in a directory unless the process has them. */
export function environmentIn(directory: string, own: Environment): Environment {
  const named = [...textOf(join(directory, '.env')).matchAll(LINE)].map(([, name, double, single, plain]) => [name!, double ?? single ?? plain!.trim()] as const);
  return { ...Object.fromEntries(named), ...own };
}

/**
 * What the SDK is to find in its environment; undefined where nobody says where telemetry is to go.
 *
 * `OTEL_EXPORTER_ENDPOINT` stands for the standard `OTEL_EXPORTER_OTLP_ENDPOINT`, which wins. A signal that has neither an endpoint nor an
 * exporter is not exported: the SDK alone would send it to this machine.
 */
export function settingsOf(env: Environment): Record<string, string> | undefined {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  const settings = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[0].startsWith('OTEL_') && isSet(entry[1])));
  const base = settings['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? settings['OTEL_EXPORTER_ENDPOINT'];
  if (base !== undefined) settings['OTEL_EXPORTER_OTLP_ENDPOINT'] = base;
  for (const signal of SIGNALS) {
    const endpoint = base ?? settings[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
    settings[`OTEL_${signal}_EXPORTER`] ??= endpoint === undefined ? 'none' : 'otlp';
  }
  if (SIGNALS.every((signal) => settings[`OTEL_${signal}_EXPORTER`]!.trim() === 'none')) return undefined;
  // What is still under way when the process is to end holds it up, and no longer than that.
  settings['OTEL_EXPORTER_OTLP_TIMEOUT'] ??= '5000';
  // Who scrapes from elsewhere says so; nobody else is to be shown anything.
  settings['OTEL_EXPORTER_PROMETHEUS_HOST'] ??= '127.0.0.1';
  if (settings['OTEL_SERVICE_NAME'] === undefined && !/(^|,)\s*service\.name\s*=/.test(settings['OTEL_RESOURCE_ATTRIBUTES'] ?? '')) settings['OTEL_SERVICE_NAME'] = 'omnipaw';
  return settings;
}

/** Lets something find these variables in the environment, which is afterwards as it was: what this process starts inherits nothing of it. */
export function withEnvironment<Result>(settings: Readonly<Record<string, string>>, run: () => Result): Result {
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, settings);
  try {
    return run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

/** By the specification an empty variable is as good as none. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}

function textOf(file: string): string {
  try {
    // Some editors begin a file with a mark that would be taken for a part of the first name.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (thrown) {
    if (isMissing(thrown, 'ENOENT')) return '';
    throw thrown;
  }
}
