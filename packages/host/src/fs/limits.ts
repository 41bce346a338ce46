/** The most that any tool here reads of one file, or writes. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** The most text that a result has. */
export const MAX_RESULT_BYTES = 256 * 1024;
/** The most that it takes as JSON, in which a character can be six: the log's limit for one value is 1 MiB, unless somebody sets another. */
export const MAX_RESULT_JSON_BYTES = 768 * 1024;
