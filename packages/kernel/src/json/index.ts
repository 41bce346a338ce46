export { differences, reorderedAt, type Difference } from './difference.js';
export { deepFreeze } from './freeze.js';
export { recordCleaned, recordThrown } from './error-record.js';
export { lengthOfNumber, lengthOfSame } from './same.js';
export { isWellFormed, MAX_JSON_DEPTH, toJson, toJsonWithin, type Json, type JsonObject, type JsonPrimitive } from './json.js';
