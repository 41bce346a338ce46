import fs from 'node:fs';
import { UsageError } from './failure.js';

/** JSON that stands on the command line, or in the file that `@file` names; `what` begins the sentence about what is wrong. */
export function readJsonArgument(given: string, what: string): unknown {
  const text = given.startsWith('@') ? readFile(given.slice(1)) : given;
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new UsageError(`${what} is not JSON: ${(thrown as SyntaxError).message}.`);
  }
}

function readFile(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`The file ${file} can't be read: ${(thrown as Error).message}.`);
  }
}
