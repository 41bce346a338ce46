import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DashboardOptions } from './options.js';

/** A line of a `.env` file, with its value in quotes or up to a comment. */
const LINE = /^[ \t]*(?:export[ \t]+)?(DASHBOARD_\w+)[ \t]*=[ \t]*(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^#\r\n]*))/gm;

/**
 * The options that the environment names (`DASHBOARD_HOST`, `DASHBOARD_PORT`, `DASHBOARD_TOKEN`, `DASHBOARD_WRITE_TOKEN`, `DASHBOARD_ALLOWED_HOSTS`,
 * and the files `DASHBOARD_TLS_CERT` and `DASHBOARD_TLS_KEY`), or else a `.env` file in a directory.
 *
 * Throws a TypeError for a port that is no number, and for one half of TLS without the other.
 */
export function environmentOptions(directory: string = process.cwd(), environment: Readonly<Record<string, string | undefined>> = process.env): DashboardOptions {
  const named = { ...fileVariables(path.join(directory, '.env')), ...given(environment) };
  const { DASHBOARD_HOST: host, DASHBOARD_PORT: port, DASHBOARD_TOKEN: token, DASHBOARD_WRITE_TOKEN: writeToken, DASHBOARD_ALLOWED_HOSTS: hosts } = named;
  if (port !== undefined && !/^\d+$/.test(port)) throw new TypeError(`DASHBOARD_PORT is ${JSON.stringify(port)}; it must be a whole number from 0 to 65535.`);
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(token === undefined ? {} : { token }),
    ...(writeToken === undefined ? {} : { writeToken }),
    ...(hosts === undefined ? {} : { allowedHosts: hosts.split(',').map((name) => name.trim()) }),
    ...tlsOf(directory, named),
  };
}

function tlsOf(directory: string, { DASHBOARD_TLS_CERT: cert, DASHBOARD_TLS_KEY: key }: Readonly<Record<string, string>>): Pick<DashboardOptions, 'tls'> {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) throw new TypeError('TLS needs a certificate and its key: set both DASHBOARD_TLS_CERT and DASHBOARD_TLS_KEY, or none.');
  return { tls: { cert: readFileSync(path.resolve(directory, cert)), key: readFileSync(path.resolve(directory, key)) } };
}

/** What is set to nothing is not set. */
function given(environment: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (name.startsWith('DASHBOARD_') && value !== undefined && value !== '' ? [[name, value]] : [])));
}

function fileVariables(file: string): Readonly<Record<string, string>> {
  const lines = [...textOf(file).matchAll(LINE)];
  return given(Object.fromEntries(lines.map(([, name, double, single, plain]) => [name!, double ?? single ?? plain!.trim()])));
}

/** Empty when there is no such file; one that can't be read is not passed over. */
function textOf(file: string): string {
  try {
    // Some editors begin a file with a mark that would be taken for a part of the first name.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw thrown;
  }
}
