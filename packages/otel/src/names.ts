/**
 * Names of what is measured.
 *
 * Those of `gen_ai.*` are of the semantic conventions for generative AI, version {@link GEN_AI_CONVENTIONS}, whose status is "development".
 */

/** The scope of all spans, metrics and records. */
export const SCOPE = '@omnipaw/otel';

export const GEN_AI_CONVENTIONS = '1.37.0';

export const AGENT_ID = 'omnipaw.agent.id';
export const AGENT_TYPE = 'omnipaw.agent.type';
export const AGENT_PARENT = 'omnipaw.agent.parent';
export const AGENT_END = 'omnipaw.agent.end';
export const LOG_ID = 'omnipaw.log.id';
export const TICK = 'omnipaw.tick.number';
export const TICK_OUTCOME = 'omnipaw.tick.outcome';
export const CALL = 'omnipaw.call.index';
export const TOOL = 'omnipaw.tool';
export const ENTRY_KIND = 'omnipaw.entry.kind';
export const RESOURCE = 'omnipaw.quota.resource';
export const OPERATION = 'omnipaw.operation';
/** The entry that a span begins with, and the one that it ends with: where it is in the log. */
export const FIRST_SEQ = 'omnipaw.bus_seq';
export const LAST_SEQ = 'omnipaw.bus_seq.end';
export const ERROR_TYPE = 'error.type';

export const PROVIDER = 'omnipaw';
