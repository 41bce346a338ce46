export { recordThrown } from './error-record.js';
export { isWellFormed, MAX_JSON_DEPTH, toJson, type Json, type JsonObject, type JsonPrimitive } from './json.js';
export { assertSize, utf8Length } from './size.js';
