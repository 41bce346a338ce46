export { assertBatch } from './batch.js';
export { joinLines, splitLines } from './bytes.js';
export { busSeqOf, checkLine } from './chain.js';
export { encodeLine, encodeSaying, isSurelyTextOf, isTextOf, sayingIn } from './codec.js';
export { corruptLog, type DamageReason, type LogDamage } from './damage.js';
export type { Emit } from './emit.js';
export {
  GENESIS_HASH,
  LOG_FORMAT_VERSION,
  OLDEST_LOG_FORMAT,
  type Entry,
  type EntryCatalogue,
  type EntryKind,
  type Proposal,
  type ProposalOf,
  type RawEntry,
} from './entry.js';
export { namelessLog, newLogId } from './log-id.js';
export { ExecutionLogger, type Appended, type Durability, type LoggerOptions, type LogWriter } from './logger.js';
export { MemoryLogStore } from './memory-store.js';
export { parseEntry, type RecordedEntry } from './parse.js';
export type { Projection, Saved } from './projection.js';
export { entryOf, headOf, visitLinesOf } from './lines-of.js';
export { readEntries, readRecorded, type ReadOptions } from './read.js';
export { scanFrom, scanLog, type ScannedLine, type ScanReport } from './scan.js';
export type { CheckpointStore, KnownEntry, LogBatch, LogChunk, LogEnd, LogPlace, LogReader, LogStore, TornTail } from './store.js';
export { isContradicted, pinnedPlace, verify, type LogVerdict, type LogPin, type VerifyOptions } from './verify.js';
