/**
 * All that it takes to run the log of a run again: `omnipaw replay apps/codebase-swarm/dist/replay.js --log DIR`.
 *
 * By rules, and within the usual budgets. No tool is touched then, so it does not matter where these would look.
 */
import { tmpdir } from 'node:os';
import { Workspace } from '@omnipaw/host';
import { quota } from '@omnipaw/quota';
import { createAgents } from './agents/coordinator.js';
import { createTools } from './tools/index.js';

const nowhere = new Workspace(tmpdir());
const tools = createTools({ source: nowhere, output: nowhere, copy: nowhere, excluded: undefined });

export const [coordinator, readers, reader, readerSteward, planner, patchers, patcher, patcherSteward, chair, juror, writer] = createAgents(tools).agents;
export const { list, scan, blame, edit, diff, register, comments, lines, program, copy, check } = tools;
export const limits = quota();
