import type { Digests } from '../header/index.js';
import type { JsonObject } from '../json/index.js';
import { isIdentified, isObject, isText } from '../replay/index.js';

/** Something that takes part in a replay and is not what it was when the log was written. */
export interface Changed {
  readonly what: 'program' | 'tool' | 'schema' | 'extension';
  readonly name: string;
  /** As the log's header names it; null if it was not there. */
  readonly recorded: Identified | null;
  /** As it is now; null if it is not there. */
  readonly present: Identified | null;
}

export interface Identified {
  readonly version: string;
  /** SHA-256 in hexadecimal: of a program's text, of what a tool says of itself, of a tool's schemas. */
  readonly digest?: string;
}

/** What of the recorded things has changed, or is not there any more; what is new since is no matter. */
export function changesSince(recorded: Digests, present: Digests): readonly Changed[] {
  return [
    ...changed('program', recorded.programs, present.programs),
    ...changed('tool', toolsOf(recorded), toolsOf(present)),
    ...changed('schema', schemasOf(recorded), schemasOf(present)).filter(({ recorded, present }) => present !== null && present.digest !== recorded?.digest),
    ...changed('extension', extensionsOf(recorded), extensionsOf(present)),
  ];
}

/** What the data of a header says of what runs; a forged one may say anything, and what says nothing is left out. */
export function digestsIn({ programs, tools, extensions }: JsonObject): Digests {
  return { programs: those(programs, isIdentified), tools: those(tools, isIdentified), extensions: those(extensions, isText) } as unknown as Digests;
}

type Named = Readonly<Record<string, Identified>>;

function changed(what: Changed['what'], recorded: Named, present: Named): readonly Changed[] {
  return Object.entries(recorded).flatMap(([name, before]) => {
    const now = Object.hasOwn(present, name) ? present[name]! : null;
    const isSame = now !== null && now.version === before.version && now.digest === before.digest;
    return isSame ? [] : [Object.freeze({ what, name, recorded: before, present: now })];
  });
}

function toolsOf({ tools }: Digests): Named {
  return Object.fromEntries(Object.entries(tools).map(([name, { version, digest }]) => [name, { version, digest }]));
}

/** Only where both have one: logs of format 1 say nothing of schemas, and not every validator can. */
function schemasOf({ tools }: Digests): Named {
  const named = Object.entries(tools).filter(([, { schema }]) => schema !== undefined);
  return Object.fromEntries(named.map(([name, { version, schema }]) => [name, { version, digest: schema! }]));
}

function extensionsOf({ extensions }: Digests): Named {
  return Object.fromEntries(Object.entries(extensions).map(([name, version]) => [name, { version }]));
}

function those(parts: unknown, isWanted: (part: unknown) => boolean): object {
  return isObject(parts) ? Object.fromEntries(Object.entries(parts).filter(([, part]) => isWanted(part))) : {};
}
