/** The name of a log, which stands in its header. */
import { OmniError } from '../errors/index.js';
import type { RandomSource } from '../ports/index.js';

const LOG_ID_BYTES = 12;

export function newLogId(random: RandomSource): string {
  return random.hex(LOG_ID_BYTES);
}

/** For a log that has no name, with what follows from that. */
export function namelessLog(so = 'this is no log of a kernel'): OmniError {
  return new OmniError('LOG_FORMAT_UNSUPPORTED', `The log does not begin with a header that names it, so ${so}.`);
}
