import type { Extension } from '@omnipaw/kernel';
import type { ToolEnds } from './calls/tool-ends.js';
import type { Host } from './host.js';
import type { Output } from './terminal/output.js';

/** What a command works with. */
export interface Session {
  readonly host: Host;
  /** Standard output: what was asked for. */
  readonly out: Output;
  /** Standard error: whatever else there is to say to people. */
  readonly people: Output;
  readonly ends: ToolEnds;
  /** Makes what looks at a kernel, for each one that runs. */
  readonly spectator?: () => Extension;
}
