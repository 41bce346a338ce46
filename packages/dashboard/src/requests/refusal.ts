import { PROTOCOL_ERRORS, type ProtocolErrorCode } from '../protocol/index.js';

/** Why a request is not answered as it was asked. */
export class Refusal extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string = PROTOCOL_ERRORS[code]) {
    super(message);
    this.code = code;
  }
}
