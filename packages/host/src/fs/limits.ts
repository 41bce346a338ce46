/** The most that any tool here reads of one file, or writes. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** The most text that a result has, so that it fits the log's limit for one value. */
export const MAX_RESULT_BYTES = 256 * 1024;
