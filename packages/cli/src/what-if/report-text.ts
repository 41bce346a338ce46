/** What would be otherwise, for people: a line for each, and the sum of it. */
import type { WhatIfFinding, WhatIfReport } from '@omnipaw/kernel';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Colour, Ink } from '../terminal/ink.js';
import { count, jsonLine, oneLine } from '../terminal/printable.js';

export interface TextOptions {
  readonly ink: Ink;
  readonly width: number | undefined;
}

type Effect = WhatIfFinding['effect'];

const COLOURS: Readonly<Record<Effect, Colour>> = { WARN: 'yellow', ESCALATE: 'yellow', DELAY: 'yellow', REFUSE: 'red', FAULT: 'red' };
const WORDS: Readonly<Record<Effect, string>> = { REFUSE: 'refused', FAULT: 'refused and their agent ended', ESCALATE: 'asked about first', DELAY: 'delayed', WARN: 'warned about' };

export function reportLines({ findings, asked, entries }: WhatIfReport, { ink, width }: TextOptions): string[] {
  const what = `${count(asked, 'action')} in ${count(entries, 'entry', 'entries')}`;
  if (findings.length === 0) return [`${ink('green', '✓')} All would be as it was: ${what}.`];
  const sums = (Object.keys(WORDS) as Effect[]).flatMap((effect) => {
    const number = findings.filter((finding) => finding.effect === effect).length;
    return number === 0 ? [] : [`${number} would be ${WORDS[effect]}`];
  });
  const isHarmless = findings.every(({ effect }) => effect === 'WARN');
  const rows = findings.map((finding) => rowOf(finding, ink));
  return [...alignColumns(rows, width), `${isHarmless ? ink('green', '✓') : ink('red', '✗')} Of ${what}, ${sums.join(', ')}.`];
}

function rowOf(finding: WhatIfFinding, ink: Ink): Cell[] {
  const { busSeq, agent, tick, action, resource, kind, effect, by, recorded } = finding;
  const colour = COLOURS[effect];
  return [
    { text: String(busSeq).padStart(6) },
    { text: agent },
    { text: `tick ${tick}` },
    { text: action === undefined ? kind : `${action} ${resource ?? ''}` },
    { text: effect, paint: (text) => ink(colour, text) },
    { text: `by ${by}${detail(finding)}${recorded === undefined ? '' : `; was allowed by ${recorded.by}`}` },
  ];
}

/** What a guard or a token says beyond its name; that of a policy or a missing grant is plain. */
function detail({ by, record, error }: WhatIfFinding): string {
  if (by === 'delegation' && error !== undefined) return ` (${oneLine(error.message)})`;
  if (!by.startsWith('guard ')) return '';
  if (error !== undefined) return ` (${oneLine(`${error.code}: ${error.message}`)})`;
  return record === undefined ? '' : ` (${record.kind} ${jsonLine(record.data, 60)})`;
}
