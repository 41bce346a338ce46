export { otel, reportReplay, type OtelOptions } from './otel.js';
export { LogIds } from './ids.js';
export { traceHeaders } from './incoming.js';
export { spanOf, type SpanPlace } from './span-of.js';
export type { EntryLogger, EntryRecord } from './records.js';
export type { QuotaReport } from './instruments.js';
export type { Show } from './content.js';
export { OTEL_ERROR_CODES } from './errors.js';
