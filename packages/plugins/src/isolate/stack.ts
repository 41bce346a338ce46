import { sourcePlaces } from './source-places.js';

/** At most so many frames are told. */
const MAX_FRAMES = 32;
const FRAME = /^\s*at (?:(.*) \()?([^()]*?):(\d+):(\d+)\)?$/;
/** Of the prelude, and of the language itself. */
const OURS = /^(?:guest|<evalScript>)$/;

export interface MappedCode {
  readonly fileName: string;
  readonly sourceMap?: string;
}

interface Frame {
  readonly name: string | undefined;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The frames of a guest's stack as the author knows the code: `forecast (src/weather.ts:12:7)`. */
export function mapStack(stack: string, { fileName, sourceMap }: MappedCode): readonly string[] {
  const frames = framesOf(stack);
  const inCode = frames.filter(({ file }) => file === fileName);
  const found = sourceMap === undefined || inCode.length === 0 ? [] : sourcePlaces(sourceMap, inCode);
  return frames.map((frame) => {
    const original = frame.file === fileName ? found[inCode.indexOf(frame)] : undefined;
    const { line, column } = original ?? frame;
    const place = `${original === undefined ? frame.file : printable(original.source)}:${line}:${column}`;
    return frame.name === undefined || frame.name.startsWith('<') ? place : `${frame.name} (${place})`;
  });
}

function framesOf(stack: string): readonly Frame[] {
  const frames: Frame[] = [];
  for (const line of stack.split('\n')) {
    const [, name, file, lineNumber, column] = FRAME.exec(line) ?? [];
    if (file === undefined || OURS.test(file)) continue;
    frames.push({ name, file, line: Number(lineNumber), column: Number(column) });
    if (frames.length === MAX_FRAMES) break;
  }
  return frames;
}

/** A map may come from a dependency, and name its sources as it likes. */
function printable(source: string): string {
  return source.replace(/^plugin:/, '').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 256);
}
