/** The protocol between a server and its pages. */
export { CLOSE_CODES, PROTOCOL_ERRORS, type ProtocolErrorCode } from './codes.js';
export * from './messages.js';
export type * from './requests.js';
export type * from './state.js';
