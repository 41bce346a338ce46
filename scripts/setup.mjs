/**
 * Makes `npm start` and `npm test` work on a machine that has Node and npm only: installs what the
 * lockfile names, once, and does nothing while it stays the same.
 *
 * It runs before anything is installed, so it may import built-in modules only.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MINIMUM_NODE = 20;
const STAMP = 'node_modules/.omnipaw-setup';
/** Packages that bring texts for coding assistants: nothing of them runs, and nothing here waits for an answer. */
const NOISE = /Agent skills awaiting approval|Run "pnpm approve" to review them/;
const NETWORK_ERROR = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|error sending request/;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

checkNode();
const wanted = fingerprint();
const installed = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
if (installed !== wanted) {
  await install();
  mkdirSync('node_modules', { recursive: true });
  writeFileSync(STAMP, wanted);
}

function checkNode() {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= MINIMUM_NODE) return;
  fail(`Node ${node} is too old: this workspace needs Node ${MINIMUM_NODE} or newer.`);
}

/** What decides the content of node_modules. */
function fingerprint() {
  const hash = createHash('sha256').update(packageManager());
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(file));
  return hash.digest('hex');
}

function packageManager() {
  return JSON.parse(readFileSync('package.json', 'utf8')).packageManager;
}

async function install() {
  const startedAtMs = Date.now();
  console.error(`Setting up: ${packageManager()} installs the dependencies (the first time takes about half a minute) …`);
  const { code, output } = await run('npx', ['--yes', packageManager(), 'install', '--frozen-lockfile']);
  if (code !== 0) fail(reasonOf(code, output));
  console.error(`Set up in ${Math.round((Date.now() - startedAtMs) / 1000)} s.`);
}

function reasonOf(code, output) {
  if (NETWORK_ERROR.test(output)) return 'The npm registry does not answer: the first run needs the network.';
  if (output.includes('ERR_PNPM_OUTDATED_LOCKFILE')) {
    return `pnpm-lock.yaml does not fit the package.json files: run "npx ${packageManager()} install" and commit it.`;
  }
  return `Installing the dependencies failed (exit code ${code}); the lines above say why.`;
}

/** Runs a command, shows its lines as they come, and keeps them. */
function run(command, args) {
  return new Promise((resolve) => {
    // npx is a .cmd file on Windows, which only a shell can start; no argument here has a space.
    const shell = process.platform === 'win32';
    const child = spawn(command, args, { shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        if (!NOISE.test(line)) console.error(`  ${withoutAddresses(line)}`);
      });
    }
    child.on('error', (error) => {
      fail(`"${command}" cannot be started (${error.code}): it comes with npm, which must be on the PATH.`);
    });
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** The address of a registry may hold a credential, and logs are shared. */
function withoutAddresses(line) {
  return line.replace(/\bhttps?:\/\/\S+/g, '<address>');
}

function fail(message) {
  console.error(`Setup failed: ${message}`);
  process.exit(1);
}
