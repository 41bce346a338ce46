import { SourceMap, type SourceMapping, type SourceMapPayload } from 'node:module';

/** As esbuild counts: lines from 1, columns from 0. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;

/** Where something stood in the file from which code was printed; undefined if its source map, which is at its end, does not say. */
export function originalPlace(code: string, { line, column }: Place): Place | undefined {
  const map = INLINE_MAP.exec(code)?.[1];
  if (map === undefined) return undefined;
  const payload = JSON.parse(Buffer.from(map, 'base64').toString('utf8')) as SourceMapPayload;
  const { originalLine, originalColumn } = new SourceMap(payload).findEntry(line - 1, column) as Partial<SourceMapping>;
  return originalLine === undefined || originalColumn === undefined ? undefined : { line: originalLine + 1, column: originalColumn };
}
