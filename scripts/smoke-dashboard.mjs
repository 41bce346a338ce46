/**
 * Whether `npm start` opens with its dashboard, from what is built: `node scripts/smoke-dashboard.mjs`.
 *
 * Starts the main job as at a terminal, opens the page and the protocol while it works, waits until all of the log was told, and ends it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './processes.mjs';

const { WebSocket } = createRequire(join(ROOT, 'packages/dashboard/package.json'))('ws');
const work = mkdtempSync(join(tmpdir(), 'omnipaw-smoke-'));
mkdirSync(join(work, 'code'));
writeFileSync(join(work, 'code/a.ts'), '// TODO: look at it\nexport {};\n');

const child = spawn(process.execPath, [join(ROOT, 'apps/codebase-swarm/dist/main.js'), '--path', 'code', '--dashboard'], { cwd: work, env: { ...process.env, DASHBOARD_PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
let output = '';
child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
try {
  const { origin, hash } = new URL(await said(/See it live: (\S+)/));
  const page = await fetch(`${origin}/`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy'), /^default-src 'none'/);
  assert.equal((await fetch(`${origin}/session`, { headers: { authorization: `Bearer ${hash.slice(1)}` } })).status, 200);
  await allTold(`${origin.replace('http', 'ws')}/ws`, hash.slice(1));
  await said(/The dashboard stays until Ctrl-C/);
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  console.log(`The dashboard works on Node ${process.versions.node}.`);
} finally {
  child.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
}

/** Waits for words on its standard output, and answers what stands in their parentheses. */
async function said(pattern) {
  for (;;) {
    const found = pattern.exec(output);
    if (found !== null) return found[1];
    assert.equal(child.exitCode, null, `It has ended before it said ${pattern}:\n${output}`);
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  }
}

/** Until the entry has come with which the coordinator ends, and every one before it. */
function allTold(address, token) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, ['omnipaw.v1', `auth.${token}`]);
    let next;
    const end = () => {
      socket.close();
      resolve();
    };
    socket.on('error', reject).on('message', (data) => {
      for (const text of data.toString().split('\n')) {
        const { type, payload } = JSON.parse(text);
        if (type === 'HELLO') socket.send(JSON.stringify({ type: 'START', payload: {} }));
        if (type === 'SNAPSHOT') {
          next = payload.state.busSeq + 1;
          // The job may be done by now.
          if (payload.state.agents.some(({ id, state }) => id === 'coordinator-1' && state === 'TERMINATED')) end();
        }
        if (type !== 'BUS_EVENT') continue;
        if (payload.busSeq !== next) reject(new Error(`Entry ${payload.busSeq} came instead of ${next}.`));
        next = payload.busSeq + 1;
        if (payload.kind === 'AGENT_TERMINATED' && payload.agent === 'coordinator-1') end();
      }
    });
  });
}
