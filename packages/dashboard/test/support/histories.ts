/** Logs that earlier kernels have written, and one with swarms in it. */
import { FileLogReader, readEntries, type LogReader } from '@omnipaw/kernel';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StoredEntry } from '@omnipaw/dashboard';

const KERNEL = new URL('../../../kernel/test/histories/', import.meta.url);

export const HISTORIES: Readonly<Record<string, string>> = {
  tour: fileURLToPath(new URL('tour/format-1/', KERNEL)),
  returns: fileURLToPath(new URL('returns/format-2/', KERNEL)),
};

export async function entriesOf(reader: LogReader): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for await (const entry of readEntries(reader)) entries.push(entry);
  return entries;
}

export function history(name: string): Promise<StoredEntry[]> {
  return entriesOf(new FileLogReader(HISTORIES[name]!));
}

/** A log in which every limit of quotas is met. */
export function limitsHistory(): StoredEntry[] {
  const text = readFileSync(new URL('../../../quota/test/histories/limits/format-2.jsonl', import.meta.url), 'utf8');
  return text.trimEnd().split('\n').map((line) => JSON.parse(line) as StoredEntry);
}
