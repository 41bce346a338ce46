import type { Workspace } from '@omnipaw/host';
import { defineTool, OmniError, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { languageByFirstLine, languageByName, type Language } from '../comments/languages.js';
import { findMarkers, type Marker } from '../comments/markers.js';
import { findFixes, type Fix } from '../fixes/fix-script.js';
import { MAX_SOURCE_BYTES, text } from './schemas.js';

export interface ScanArguments {
  readonly paths: readonly string[];
}

/** What is to be done in one file. */
export interface FileFindings {
  readonly path: string;
  readonly markers: readonly Marker[];
  /** How many more it has. */
  readonly omitted: number;
  readonly fixes: readonly Fix[];
}

export interface ScanResult {
  /** Files in which there is something to do. */
  readonly found: readonly FileFindings[];
  /** How many files were read, by language. */
  readonly languages: Readonly<Record<string, number>>;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Files that would have made the result too long: ask again. */
  readonly left: readonly string[];
}

export const MAX_PATHS_PER_SCAN = 100;
const MAX_MARKERS_PER_FILE = 400;
const MAX_RESULT_CHARS = 100_000;

/** Reads source files and tells the markers in their comments and what can be fixed by itself, and nothing else of them. */
export function scanTool(source: Workspace): Tool<ScanArguments, ScanResult> {
  return defineTool({
    name: 'code.scan',
    description: 'Finds TODO, FIXME, HACK and XXX in the comments of files, and what can be fixed mechanically.',
    input: v.strictObject({ paths: v.pipe(v.array(text), v.maxLength(MAX_PATHS_PER_SCAN)) }),
    idempotent: true,
    run: async ({ paths }, { signal }): Promise<ScanResult> => {
      const found: FileFindings[] = [];
      const skipped: { path: string; reason: string }[] = [];
      const languages = new Map<string, number>();
      let chars = 0;
      let at = 0;
      for (; at < paths.length && chars < MAX_RESULT_CHARS && !signal.aborted; at++) {
        const path = paths[at]!;
        const scanned = await scan(source, path);
        if (typeof scanned === 'string') skipped.push({ path, reason: scanned });
        else {
          languages.set(scanned.language.name, (languages.get(scanned.language.name) ?? 0) + 1);
          const { markers, omitted, fixes } = scanned;
          if (markers.length > 0 || fixes.length > 0) found.push({ path, markers, omitted, fixes });
          chars += JSON.stringify([markers, fixes]).length;
        }
      }
      return { found, skipped, languages: Object.fromEntries(languages), left: paths.slice(at) };
    },
  });
}

/** One file; a text says why it was skipped. */
async function scan(source: Workspace, path: string): Promise<string | { language: Language; markers: readonly Marker[]; omitted: number; fixes: readonly Fix[] }> {
  try {
    const text = await source.readText(path, MAX_SOURCE_BYTES);
    const language = languageByName(path) ?? languageByFirstLine(text.slice(0, text.indexOf('\n') + 1));
    if (language === undefined) return 'no known language';
    return { language, ...findMarkers(text, language.syntax, MAX_MARKERS_PER_FILE), fixes: findFixes(path, text) };
  } catch (thrown) {
    if (thrown instanceof OmniError && typeof thrown.details?.['reason'] === 'string') return thrown.details['reason'];
    throw thrown;
  }
}
