import { SourceMap, type SourceMapping, type SourceMapPayload } from 'node:module';

/** At most so many frames are told. */
const MAX_FRAMES = 32;
const FRAME = /^\s*at (?:(.*) \()?([^()]*?):(\d+):(\d+)\)?$/;
/** Of the prelude, and of the language itself. */
const OURS = /^(?:guest|<evalScript>)$/;

export interface MappedCode {
  readonly fileName: string;
  readonly sourceMap?: string;
}

/** The frames of a guest's stack as the author knows the code: `forecast (src/weather.ts:12:7)`. */
export function mapStack(stack: string, { fileName, sourceMap }: MappedCode): readonly string[] {
  const original = originalsOf(sourceMap);
  const frames: string[] = [];
  for (const line of stack.split('\n')) {
    const [, name, file, lineNumber, column] = FRAME.exec(line) ?? [];
    if (file === undefined || OURS.test(file)) continue;
    const place = (file === fileName ? original(Number(lineNumber), Number(column)) : undefined) ?? `${file}:${lineNumber}:${column}`;
    frames.push(name === undefined || name.startsWith('<') ? place : `${name} (${place})`);
    if (frames.length === MAX_FRAMES) break;
  }
  return frames;
}

type Originals = (line: number, column: number) => string | undefined;

/** Lines and columns from 1. A map that cannot be read is as good as none: the stack is then that of the bundle. */
function originalsOf(sourceMap: string | undefined): Originals {
  if (sourceMap === undefined) return () => undefined;
  let map: SourceMap;
  try {
    map = new SourceMap(JSON.parse(sourceMap) as SourceMapPayload);
  } catch {
    return () => undefined;
  }
  return (line, column) => {
    const entry = map.findEntry(line - 1, column - 1) as Partial<SourceMapping>;
    return typeof entry.originalSource === 'string' && entry.originalLine !== undefined && entry.originalColumn !== undefined
      ? `${printable(entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      : undefined;
  };
}

/** A map may come from a dependency, and name its sources as it likes. */
function printable(source: string): string {
  return source.replace(/^plugin:/, '').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 256);
}
