export { ERROR_CODES, type ErrorCode, type FailureClass } from './codes.js';
export {
  describeThrown,
  fromErrorRecord,
  isOmniError,
  OmniError,
  toErrorRecord,
  type ErrorRecord,
  type OmniErrorOptions,
} from './omni-error.js';
