/** What the machine itself allows: the same bytes as the kernel writes, without a kernel. */
import { Buffer } from 'node:buffer';
import { createHash, hash as oneShotHash } from 'node:crypto';
import { closeSync, createReadStream, fdatasync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { segmentsOf } from './measure.mjs';
import { argsOf, resultOf } from './workload.mjs';

const sha256 = oneShotHash === undefined ? (text) => createHash('sha256').update(text).digest('hex') : (text) => oneShotHash('sha256', text);

/** Writes and syncs `bytesPerStep` bytes, step after step: what a single agent can't be faster than. */
export function bareWriteAndSync({ directory, steps, bytesPerStep }) {
  const fd = openSync(join(directory, 'bare.log'), 'a');
  const bytes = Buffer.alloc(bytesPerStep, 0x61);
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let left = steps;
    const step = (error) => {
      if (error) return reject(error);
      if (left-- === 0) {
        closeSync(fd);
        return resolve({ ms: performance.now() - start });
      }
      writeSync(fd, bytes);
      fdatasync(fd, step);
    };
    step(null);
  });
}

/** Lines in the kernel's own shape, chained by SHA-256, one sync for all agents that wait: JSON, hash and disk, no kernel. */
export function bareCeiling({ directory, agents, steps }) {
  const fd = openSync(join(directory, 'ceiling.log'), 'a');
  let seq = 0;
  let prev = '0'.repeat(64);
  let pending = '';
  const append = (agent, kind, data) => {
    const body = `{"busSeq":${seq},"time":${Date.now()},"agent":"${agent}","kind":"${kind}","data":${JSON.stringify(data)},"prev":"${prev}"`;
    prev = sha256(body);
    pending += `${body},"hash":"${prev}"}\n`;
    seq++;
  };
  const intent = (agent, step) => {
    append(`worker-${agent}`, 'TOOL_CALLED', {
      tick: step + 1,
      call: 0,
      tool: 'noop',
      args: argsOf(agent, step),
      permission: { decision: 'ALLOW', by: 'grant 0 call:noop' },
      transition: { trigger: 'await_tool', to: 'WAITING' },
    });
  };
  const result = (agent, step) => {
    append(`worker-${agent}`, 'TOOL_RESULT', {
      tick: step + 1,
      call: 0,
      tool: 'noop',
      result: { ok: true, value: resultOf(step) },
      transition: { trigger: 'resume', to: 'ACTIVE' },
    });
  };
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let step = 0;
    for (let agent = 1; agent <= agents; agent++) intent(agent, 0);
    const flush = () => {
      const bytes = Buffer.from(pending);
      pending = '';
      writeSync(fd, bytes);
      fdatasync(fd, (error) => {
        if (error) return reject(error);
        if (step === steps) {
          closeSync(fd);
          return resolve({ ms: performance.now() - start });
        }
        for (let agent = 1; agent <= agents; agent++) {
          result(agent, step);
          if (step + 1 < steps) intent(agent, step + 1);
        }
        step++;
        flush();
      });
    };
    flush();
  });
}

/** Splits a log into lines, hashes each, and lets `visit` have it; answers how many there are. */
export async function hashLines(directory, visit = () => undefined) {
  let count = 0;
  for (const name of segmentsOf(directory)) {
    let rest = Buffer.alloc(0);
    for await (const chunk of createReadStream(join(directory, name), { highWaterMark: 1 << 20 })) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let newline = bytes.indexOf(10); newline >= 0; newline = bytes.indexOf(10, from)) {
        const line = bytes.subarray(from, newline);
        sha256(line);
        visit(line);
        count++;
        from = newline + 1;
      }
      rest = bytes.subarray(from);
    }
  }
  return count;
}

/** What no replay can do without: every line is split off, hashed and parsed. */
export function hashAndParseLines(directory) {
  return hashLines(directory, (line) => JSON.parse(line.toString('utf8')));
}
