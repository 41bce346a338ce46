/** The summary for people. */
import path from 'node:path';
import type { FixKind } from '../fixes/fix-script.js';
import type { PlanItem } from '../plan/findings.js';
import { visible } from '../plan/markdown.js';
import { age, count } from '../plan/register.js';
import type { VoteReport } from '../agents/chair.js';
import type { CheckReport } from '../agents/checking.js';
import type { ReadReport } from '../agents/read-report.js';
import type { Summary } from '../run/summary.js';
import { ledgerLines } from './ledger.js';
import { size } from './size.js';
import type { Style } from './style.js';

export function reportText(summary: Summary, style: Style): string {
  const { report } = summary;
  const parts = [
    ...endingLines(summary, style),
    ...(report === null ? [] : [...topLines(report.plan.top, style), ...voteLines(report.vote, style), ...noteLines(summary), '']),
    ...accountLines(summary, style),
    '',
    ...(summary.ledger.length === 0 ? [] : [...ledgerLines(summary.ledger, style), '']),
    ...placeLines(summary),
  ];
  return `\n${parts.join('\n')}\n`;
}

function endingLines({ outcome, error, report }: Summary, style: Style): string[] {
  if (error !== null) return [style.bad(`Failed: ${visible(error.message)}`), ''];
  if (outcome === 'stopped') return ['Stopped. The log holds all that was done.', ''];
  if (report === null || report.plan.items + report.plan.fixes > 0) return [];
  const { read } = report;
  const where = count(read.filesRead, 'source file');
  const hint = read.filesRead === 0 ? 'There is no source file here.' : `No TODO, FIXME, HACK or XXX comment, and nothing to fix, in ${where}: there is nothing to patch.`;
  return [style.good(hint), 'Try it on another code base: npm start -- --path DIR'];
}

const TEXT_WIDTH = 60;

function topLines(top: readonly PlanItem[], style: Style): string[] {
  if (top.length === 0) return [];
  const rows = top.map(({ score, kind, path: file, line, text, author, date, ageMonths, id }) => {
    const origin = date === null ? '' : `, ${author ?? 'unknown'}, ${date} (${age(ageMonths ?? 0)})`;
    const words = text.length > TEXT_WIDTH ? `${text.slice(0, TEXT_WIDTH - 1)}…` : text;
    const head = `  ${String(score).padStart(3)}  ${kind.padEnd(5)}  ${visible(`${file}:${line}`)}`;
    return `${head}\n              ${words === '' ? '(says nothing)' : visible(words)} ${style.dim(`${id}${visible(origin)}`)}`;
  });
  return [style.bold('First on the list'), ...rows];
}

const KINDS: Readonly<Record<FixKind, string>> = { 'unused-import': 'unused import', var: '"var"', equality: 'loose comparison' };
const REJECTED_SHOWN = 5;

/** What the patch has in it, and what was voted against. */
function voteLines({ accepted, rejected, against, edits, fixes, check }: VoteReport, style: Style): string[] {
  if (accepted + rejected === 0) return [];
  const kinds = (Object.entries(fixes) as [FixKind, number][]).map(([kind, number]) => count(number, KINDS[kind]));
  const parts = [...(edits > 0 ? [count(edits, 'comment')] : []), ...kinds];
  const shown = against.slice(0, REJECTED_SHOWN).map(({ path: file, reasons }) => `  ${style.bad('✗')} ${visible(file)}: ${visible(reasons.join('; '))}`);
  const more = rejected > shown.length ? [`    and ${(rejected - shown.length).toLocaleString('en')} more (--json names them)`] : [];
  return [
    '', style.bold('In the patch'),
    `  ${parts.length === 0 ? 'nothing' : `${parts.join(', ')} in ${count(accepted, 'file')}`}${rejected === 0 ? '' : `; ${count(rejected, 'file')} voted against`}`,
    ...shown, ...more, ...checkLines(check, style),
  ];
}

const PRINTED_SHOWN = 5;
const WORDS = { passed: 'passes with all of it', failed: 'fails with what was voted against', broken: 'fails without any change, so it had no vote' } as const;

function checkLines(check: CheckReport | null, style: Style): string[] {
  if (check === null) return [];
  const paint = check.outcome === 'passed' ? style.good : style.bad;
  const last = check.printed.trimEnd().split('\n').slice(-PRINTED_SHOWN);
  return [`  ${visible(check.command)} ${paint(WORDS[check.outcome])} (${count(check.runs, 'run')})`, ...(check.printed === '' ? [] : last.map((line) => `    ${style.dim(visible(line))}`))];
}

/** What was not read, not patched or not known, and why. */
function noteLines({ report }: Summary): string[] {
  if (report === null) return [];
  const { read, patch, write } = report;
  const notes = [...readNotes(read)];
  const leftOut = [...patch.leftOut, ...write.leftOut];
  if (patch.stale > 0) notes.push(`${count(patch.stale, 'comment')} changed while the agents worked, and stayed as they are.`);
  if (leftOut.length > 0) notes.push(`${count(leftOut.length, 'file')} changed or became unreadable meanwhile, and are not in the patch.`);
  return notes.length === 0 ? [] : ['', ...notes.map((note) => `  ${visible(note)}`)];
}

function readNotes({ otherFiles, skipped, omitted, withoutGit, findings }: ReadReport): string[] {
  const reasons = Object.entries(skipped).map(([reason, files]) => `${files.toLocaleString('en')} ${reason}`);
  return [
    ...(otherFiles > 0 ? [`Not looked into: ${count(otherFiles, 'file')} of other kinds.`] : []),
    ...(reasons.length > 0 ? [`Not read: ${reasons.join('; ')}.`] : []),
    ...(omitted > 0 ? [`Not listed: ${count(omitted, 'comment')} of files that have hundreds.`] : []),
    ...(withoutGit !== null && findings > 0 ? [`No age or author, without git: ${withoutGit}`] : []),
  ];
}

function accountLines({ agents, ticks, toolCalls, denials, verdict, logBytes, elapsedMs, head }: Summary, style: Style): string[] {
  const paint = verdict.integrity === 'INTACT' && verdict.completeness === 'COMPLETE' ? style.good : style.bad;
  const counts = [count(agents, 'agent'), count(ticks, 'tick'), count(toolCalls, 'tool call'), count(denials, 'denial')];
  return [
    `${counts.join(', ')} in ${(elapsedMs / 1000).toFixed(1)} s`,
    `log       ${count(verdict.entries, 'entry').replace(/entrys$/, 'entries')}, ${size(logBytes)}`,
    `head      ${head}`,
    `verify    ${paint(`${verdict.integrity}, ${verdict.completeness}`)}`,
  ];
}

function placeLines({ patch, register, log, source, report }: Summary): string[] {
  const lines = [...(patch === null ? [] : [`patch     ${place(patch)}`]), ...(register === null ? [] : [`register  ${place(register)}`]), `log       ${place(log)}`];
  if (patch === null || report === null) return lines;
  const withGit = report.read.withoutGit === null;
  const command = withGit ? `git -C ${quoted(source)} apply ${quoted(patch)}` : `patch -p1 -d ${quoted(source)} -i ${quoted(patch)}`;
  return [...lines, '', `To apply the patch: ${command}`];
}

/** The shorter of the two ways to name a place. */
function place(absolute: string): string {
  const relative = path.relative('', absolute);
  return visible(relative.startsWith('..') ? absolute : relative);
}

function quoted(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
