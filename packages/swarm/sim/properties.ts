/** What must hold of every run, found out from its log and from what was told. */
import { isDeepStrictEqual } from 'node:util';
import { replay, type Entry } from '@omnipaw/kernel';
import { SwarmAccounts, type Consensus, type SwarmAccount } from '@omnipaw/swarm';
import type { Plan } from './plans.js';
import { castOf, entriesOf, SWARM, type Run } from './simulation.js';
import { pieceOf, proposalOf, type Done } from './swarms.js';

/** Every property that a run breaks, in words; empty for a run as it should be. */
export async function brokenProperties(run: Run): Promise<readonly string[]> {
  if (run.violations.length > 0 || run.end === undefined) return run.violations;
  const entries = await entriesOf(run.log);
  const account = accountOf(entries);
  return [
    ...wrongEnd(run),
    ...wrongResult(run, account),
    ...wrongDecision(run),
    ...wrongBlame(run, account),
    ...wrongAccount(run, account, entries),
    ...(await wrongReplay(run)),
  ];
}

// Every swarm ends, by a result or by an error that says why

function wrongEnd({ plan, end, isCancelled }: Run): string[] {
  if (end === undefined || 'outcome' in end) return [];
  const { code } = end.error;
  const isFounded: Readonly<Record<string, boolean>> = {
    TASK_FAILED: hasCrew(plan) && plan.pieces.some(({ what }) => what !== 'fine'),
    RESTARTS_EXCEEDED: plan.strategy === 'SUPERVISOR' ? plan.pieces.some(({ what }) => what !== 'fine') : plan.maxMailboxMessages < 1_000,
    NO_CONSENSUS: plan.strategy === 'CONSENSUS' && mayDisagree(plan),
    QUOTA_EXCEEDED: plan.maxTicks !== null,
    SWARM_CANCELLED: isCancelled,
  };
  return isFounded[code] === true ? [] : [`The swarm ended with ${code}, for no reason: ${end.error.message}`];
}

// The result has what was done, in order, each once, and nothing that somebody forged

function wrongResult({ plan, end }: Run, account: SwarmAccount): string[] {
  if (end === undefined || 'error' in end || plan.strategy === 'CONSENSUS') return [];
  const { result } = end.outcome;
  const expected = expectedOf(plan, account);
  return isDeepStrictEqual(result, expected) ? [] : [`The result is ${JSON.stringify(result)}, and should be ${JSON.stringify(expected)}.`];
}

function expectedOf({ strategy, pieces }: Plan, { undone }: SwarmAccount): unknown {
  if (strategy === 'SUPERVISOR') return Object.fromEntries(['one', 'two', 'three'].map((role, piece) => [role, { piece, hands: 1 }]));
  const lost = new Set(undone.map(({ task }) => Number(task.slice(task.lastIndexOf('-') + 1)) - 1));
  const lostMerges = undone.filter(({ task }) => task.startsWith('merge'));
  const hands = strategy === 'PIPELINE' ? 2 : 1;
  const found = pieces.flatMap((_, piece): Done[] => (lost.has(piece) && lostMerges.length === 0 ? [] : [{ piece, hands }]));
  return found;
}

// What is decided has the votes of more than half of all, and was proposed by those who are said to have proposed it

function wrongDecision({ plan, end }: Run): string[] {
  if (plan.strategy !== 'CONSENSUS' || end === undefined || 'error' in end) return [];
  const { value, rounds } = end.outcome.result as Consensus;
  const { decided, counts } = rounds.at(-1)!;
  const found = decided === null ? undefined : counts[decided];
  const isDecided = found?.option === value && found.voters.length * 2 > plan.agents;
  const wrong = isDecided ? [] : [`${JSON.stringify(value)} was decided, by ${JSON.stringify(found?.voters)} of ${plan.agents}.`];
  for (const { option, voters } of rounds[0]!.counts) {
    for (const slot of voters) if (!proposes(plan, slot) || proposalOf(pieceOf(plan.pieces, slot)) !== option) wrong.push(`${slot} is said to have proposed ${JSON.stringify(option)}.`);
  }
  return wrong;
}

/** Whether the member in a slot comes to say what it wants. */
function proposes({ pieces }: Plan, slot: string): boolean {
  return !['throw', 'die', 'hang'].includes(pieceOf(pieces, slot).what);
}

/** Whether less than a majority can be heard in time; else all come together in the end. */
function mayDisagree(plan: Plan): boolean {
  const heard = Array.from({ length: plan.agents }, (_, index) => `worker-${index + 1}`).filter((slot) => proposes(plan, slot));
  return heard.length * 2 <= plan.agents || plan.maxMailboxMessages < 1_000 || plan.maxTicks !== null || plan.lives.some(({ downMs }) => downMs > 0);
}

function hasCrew({ strategy }: Plan): boolean {
  return strategy === 'MAP_REDUCE' || strategy === 'PIPELINE';
}

// Nobody is blamed for what others did: a task is left out, or ends the swarm, only after as many failed attempts as it may have, and never if all goes well

function wrongBlame({ plan, end }: Run, { undone }: SwarmAccount): string[] {
  if (end === undefined || !hasCrew(plan)) return [];
  const guilty = (task: string): boolean => {
    const piece = plan.pieces[Number(task.slice(task.lastIndexOf('-') + 1)) - 1];
    return piece !== undefined && ['throw', 'die', 'hang'].includes(piece.what) && piece.times >= plan.maxAttempts && !task.startsWith('merge');
  };
  const failed = 'error' in end && end.error.code === 'TASK_FAILED' ? [end.error.details?.['task'] as string] : [];
  const left = 'outcome' in end ? undone.map(({ task }) => task) : [];
  const wrong = [...failed, ...left].filter((task) => !guilty(task)).map((task) => `Task ${task} was given up, which was done well in time.`);
  if (plan.onFailure === 'fail' && left.length > 0) wrong.push(`Tasks were left out that should have ended the swarm: ${left.join(', ')}.`);
  return wrong;
}

// The account that was told is the one that the log has, and counts each task once

function wrongAccount({ plan, end }: Run, account: SwarmAccount, entries: readonly Entry[]): string[] {
  const wrong: string[] = [];
  const told = end === undefined ? undefined : 'outcome' in end ? end.outcome.account : end.error.details?.['account'];
  // Whatever comes in after the end was not told.
  const isOver = entries.findIndex(({ kind, agent }) => agent === SWARM && (kind === 'AGENT_TERMINATED' || kind === 'AGENT_FAULTED'));
  const then = accountOf(entries.slice(0, isOver + 1));
  if (!isDeepStrictEqual((told as SwarmAccount).tasks, then.tasks)) wrong.push(`The account that was told is ${JSON.stringify((told as SwarmAccount).tasks)}, and the log has ${JSON.stringify(then.tasks)}.`);
  const { total, done, underWay } = account.tasks;
  if (end !== undefined && 'outcome' in end && hasCrew(plan)) {
    if (total === null || done > total) wrong.push(`${done} tasks are done, and there are ${String(total)}.`);
    if (underWay !== 0) wrong.push(`The swarm has its result, and ${underWay} tasks are under way.`);
  }
  return wrong;
}

function accountOf(entries: readonly Entry[]): SwarmAccount {
  const accounts = new SwarmAccounts();
  for (const entry of entries) accounts.apply(entry);
  return accounts.of(SWARM)!;
}

// The programs do again what the log says

async function wrongReplay({ plan, log }: Run): Promise<string[]> {
  const { agents = [], extensions = [] } = castOf(plan);
  const { replay: verdict, divergence, integrity } = await replay(log, { agents, extensions });
  return verdict === 'REPRODUCED' && integrity === 'INTACT' ? [] : [`The log is ${integrity}, and its replay is ${verdict}: ${divergence?.message ?? ''}`];
}
