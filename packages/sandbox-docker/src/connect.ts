/** Which engine is asked: the one that `DOCKER_HOST` names, as Docker's own client reads it, as far as it can be trusted. */
import type Docker from 'dockerode';
import { sandboxError } from './errors.js';

const FORMS = 'unix:///path/of/the/socket, or tcp://host:port with DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH';

/**
 * Rejects with `SANDBOX_REFUSED` for a `DOCKER_HOST` that is none, or by ssh, and for a `DOCKER_TLS_VERIFY` that would not be heeded.
 *
 * The library is loaded when there is something to run: it is large, and not every process that could run commands does.
 */
export async function connect(): Promise<Docker> {
  const { DOCKER_HOST: address = '', DOCKER_TLS_VERIFY: verify = '' } = process.env;
  assertUsable(address);
  if (verify !== '' && verify !== '1') throw sandboxError('SANDBOX_REFUSED', `DOCKER_TLS_VERIFY is ${JSON.stringify(verify)}, which would not be heeded: set it to 1, or not at all.`);
  const { default: Engine } = await import('dockerode');
  return new Engine();
}

/** Where the engine was looked for, in words. */
export function whereItWasLooked(): string {
  const { DOCKER_HOST: address = '' } = process.env;
  return address === '' ? 'DOCKER_HOST is not set' : `DOCKER_HOST is ${address}`;
}

function assertUsable(address: string): void {
  if (address === '' || /^(?:unix|npipe|tcp):\/\//.test(address) || /^[\w.-]+:\d+$/.test(address)) return;
  const details = { address };
  if (address.startsWith('ssh://')) {
    // ssh itself takes such an address, too.
    const advice = `Let ssh forward the socket (ssh -N -L /tmp/engine.sock:/var/run/docker.sock ${address}), and set DOCKER_HOST to unix:///tmp/engine.sock.`;
    throw sandboxError('SANDBOX_REFUSED', `DOCKER_HOST is ${address}, and by that way nobody would look whether it is this host that answers. ${advice}`, { details });
  }
  const hint = address.startsWith('/') ? ` Is it unix://${address}?` : '';
  throw sandboxError('SANDBOX_REFUSED', `DOCKER_HOST is ${JSON.stringify(address)}, which names no engine.${hint} It is ${FORMS}.`, { details });
}
