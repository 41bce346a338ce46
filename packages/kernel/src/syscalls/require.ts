import { OmniError } from '../errors/index.js';
import { isWellFormed } from '../json/index.js';

/** Names, keys and channels are for finding things by; what is longer is a value. */
const MAX_NAME_LENGTH = 1024;
/** Patterns can't name these, so that a policy could not deny them. */
const CONTROL = /\p{Cc}/u;

/** Programs may be plain JavaScript or data, so the kernel checks the shape of what they yield. */
export function requireText(value: unknown, op: string, field: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && isWellFormed(value) && !CONTROL.test(value)) return value;
  throw invalidField(`The ${field} of a ${op} instruction`, value, `a string of 1 to ${MAX_NAME_LENGTH} characters, none of them a control character`);
}

export function requireCount(value: unknown, op: string, field: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw invalidField(`The ${field} of a ${op} instruction`, value, 'a whole number from 0');
}

export function requireBoolean(value: unknown, op: string, field: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidField(`The ${field} of a ${op} instruction`, value, 'true or false');
}

/** Text that may be empty. */
export function requireString(value: unknown, op: string, field: string): string {
  if (typeof value === 'string' && isWellFormed(value)) return value;
  throw invalidField(`The ${field} of a ${op} instruction`, value, 'a string');
}

export function invalidInstruction(message: string): OmniError {
  return new OmniError('INVALID_INSTRUCTION', message);
}

export function invalidField(what: string, value: unknown, wanted: string): OmniError {
  const found = typeof value === 'string' ? JSON.stringify(value) : `a value of type ${typeof value}`;
  return invalidInstruction(`${what} is ${found}; it must be ${wanted}.`);
}
