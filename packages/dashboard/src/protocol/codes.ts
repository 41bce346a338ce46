/** Why a request got an `ERROR`; the page of the protocol has them one by one, and a test compares. */
export const PROTOCOL_ERRORS = Object.freeze({
  BAD_REQUEST: 'The payload is not what the request takes.',
  NOT_THERE: 'The log has no such entry.',
  TOO_MANY_REQUESTS: 'So many requests are open already that no other one is taken.',
  FORBIDDEN: 'The token is for reading, or nothing can be decided here.',
  APPROVAL_NOT_FOUND: 'There is no open request for approval of that number.',
  NOT_NOW: 'The kernel takes no order now: it was stopped, or its log has failed.',
  UNAVAILABLE: 'The log could not be read.',
});

export type ProtocolErrorCode = keyof typeof PROTOCOL_ERRORS;

/** Why the server closes a connection. */
export const CLOSE_CODES = Object.freeze({
  /** The server is closed, or is started anew. */
  GOING: 1001,
  /** A frame is no message, or a message is out of order. */
  BAD_MESSAGE: 1008,
  /** The client has not said START in time. */
  NO_START: 4408,
  /** The client has taken nothing for too long, or does not answer pings. */
  STALLED: 4413,
});
