#!/usr/bin/env node
import { main } from './main.js';

/** Supervisors wait for ten seconds and more before they kill. */
const STOP_GRACE_MS = 5_000;

const { argv, stdin, stdout, stderr, env } = process;
const exitCode = await main({ argv: argv.slice(2), stdin, stdout, stderr, env, signals: process, graceMs: STOP_GRACE_MS });
// What a program left behind (a timer, a connection) does not keep a run that is over.
process.exit(exitCode);
