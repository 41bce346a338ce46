#!/usr/bin/env node
import { main } from './main.js';

const { argv, stdin, stdout, stderr, env } = process;
const exitCode = await main({ argv: argv.slice(2), stdin, stdout, stderr, env, signals: process });
// What a program left behind (a timer, a connection) does not keep a run that is over.
process.exit(exitCode);
