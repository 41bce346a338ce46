import { UsageError } from '../failure.js';

/** The agent's input: JSON as given, or from standard input for `-`; null without any. */
export async function readInput(given: string | undefined, stdin: AsyncIterable<Uint8Array | string>): Promise<unknown> {
  if (given === undefined) return null;
  const text = given === '-' ? await readAll(stdin) : given;
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const { message } = thrown as SyntaxError;
    throw new UsageError(`The input is not JSON: ${message}. Text needs quotes for JSON and quotes for the shell: --input '"hello"'.`);
  }
}

async function readAll(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString('utf8');
}
