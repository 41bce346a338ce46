import { createRequire } from 'node:module';
import { parseGrant } from '@omnipaw/kernel';
import { Command, InvalidArgumentError, Option } from 'commander';
import { keygen, type KeygenOptions } from './attest/keygen.js';
import { receipt, verifyReceipt, type ReceiptOptions, type VerifyReceiptOptions } from './attest/receipt.js';
import { sign, type SignOptions } from './attest/sign.js';
import { showDashboard, type DashboardCommandOptions } from './dashboard/dashboard.js';
import { diff, type DiffOptions } from './diff/diff.js';
import { fork, type ForkOptions } from './fork/fork.js';
import { inspect, type InspectOptions } from './inspect/inspect.js';
import { DRAWINGS } from './inspect/messages.js';
import { listPlugins, type ListOptions } from './plugins/list.js';
import { newPlugin, type NewOptions } from './plugins/new.js';
import { packPlugin, type PackOptions } from './plugins/pack.js';
import { signPlugin, type SignPluginOptions } from './plugins/sign.js';
import { testPlugin, type TestOptions } from './plugins/test.js';
import { validatePlugins, type ValidateOptions } from './plugins/validate.js';
import { replay, type ReplayOptions } from './replay/replay.js';
import { resume, type ResumeOptions } from './resume/resume.js';
import { run, type RunOptions } from './run/run.js';
import { withTelemetry } from './run/telemetry.js';
import type { Session } from './session.js';
import { tail, type TailOptions } from './tail/tail.js';
import { printable } from './terminal/printable.js';
import { verify, type VerifyOptions } from './verify/verify.js';
import { whatIf, type WhatIfOptions } from './what-if/what-if.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** What every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Runs a command with the options that were given; called once, by the command that was. */
export type Perform = (options: CommonOptions, command: (session: Session) => Promise<number>) => Promise<void>;

const SIGN = 'sign the head of the log as it grows and at the end, with the private key in this file';

const PLUGINS = 'a folder that has a folder for each plugin: their tools and agents are there as well; can be repeated';
const PLUGINS_TO_COMPARE = 'a folder that has a folder for each plugin: for agents that plugins brought, and to see what of them has changed; can be repeated';
const PLUGIN_GRANTS = 'what plugins are granted, as JSON: {"plugin-weather": ["memory"]}; plugins.grants.json unless given';
const TRUSTED_KEY = 'a public key: only plugins that one of these keys has signed are loaded; can be repeated';

const EXIT_CODES = `
Exit codes:
  0  it completed; nothing speaks against the log
  1  the agent failed, the log is contradicted, or something broke
  2  the command was called wrongly, or what it names is not there`;

/** The command line: what can be called, and how. */
export function commandLine(perform: Perform, { out, people }: Session): Command {
  const program = new Command('omnipaw')
    .description('Runs agents on the OmniPaw kernel, and proves afterwards what they did.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void out.write(printable(text)),
      writeErr: (text) => void people.write(printable(text)),
      getOutHelpWidth: () => out.width ?? 80,
      getErrHelpWidth: () => people.width ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', EXIT_CODES);
  addRun(program, perform);
  addReplay(program, perform);
  addVerify(program, perform);
  addInspect(program, perform);
  addTail(program, perform);
  addDashboard(program, perform);
  addResume(program, perform);
  addFork(program, perform);
  addDiff(program, perform);
  addWhatIf(program, perform);
  addKeygen(program, perform);
  addSign(program, perform);
  addReceipt(program, perform);
  addPlugins(program, perform);
  return program;
}

function addRun(program: Command, perform: Perform): void {
  const command = addCommon(program.command('run'), 'print one JSON object instead of the result')
    .summary('run an agent of a program')
    .description('Runs an agent that a program exports, and prints its result. TypeScript runs as it is.')
    .argument('<program>', 'a .ts, .js or .mjs file; every agent and tool that it exports is registered')
    .requiredOption('--log <dir>', 'where to record the run')
    .option('--agent <name>', 'the agent to run, by type or by export; the default export unless given')
    .option('--input <json>', 'its input; "-" reads it from standard input')
    .option('--grant <action:resource>', 'what it may do, e.g. call:host.fs.*; can be repeated; nothing unless given', collectGrant)
    .option('--sign <file>', SIGN);
  addPluginOptions(command)
    .option('--watch', 'with plugins: take up what is changed in them during the run, for those who write them')
    .action((file: string, options: RunOptions) => perform(options, (session) => withTelemetry(session, (watched) => run(file, options, watched))));
}

function addReplay(program: Command, perform: Perform): void {
  addCommon(program.command('replay'), 'print the report as JSON')
    .summary('run a log again, and compare')
    .description('Runs every tick of every agent again, without touching a tool, and compares what comes of it with the log.')
    .argument('<program>', 'the program whose agents wrote the log; none of its tools is called')
    .requiredOption('--log <dir>', 'the log to replay; it stays as it is')
    .option('--pin <hash>', 'the head that was noted down earlier, as for verify', parsePin)
    .option('--plugins <dir>', PLUGINS_TO_COMPARE, collect)
    .action((file: string, options: ReplayOptions) => perform(options, (session) => replay(file, options, session)))
    .addHelpText('after', '\nExit codes: 0 it did the same again, 1 it did not, or the log is contradicted, 2 a wrong call');
}

function addVerify(program: Command, perform: Perform): void {
  addCommon(program.command('verify'), 'print the verdict as JSON')
    .summary('check a log, byte by byte')
    .description('Says whether a log is what its writer wrote, and whether its end is still there.')
    .requiredOption('--log <dir>', 'the log to check')
    .option('--pin <hash>', 'the head that was noted down earlier; without it nobody can see that the end was cut off', parsePin)
    .option('--require-pin', 'take a missing pin for a contradiction')
    .option('--public-key <file>', 'the key that must have signed the log: every head beside it that this key has signed is checked')
    .option('--head <file>', 'the signed head to check, instead of those beside the log')
    .option('--parent <dir>', 'for a fork: the log that it comes from, to follow the link')
    .action((options: VerifyOptions) => perform(options, (session) => verify(options, session)));
}

function addInspect(program: Command, perform: Perform): void {
  addCommon(program.command('inspect'), 'print the state as JSON')
    .summary('show the state at a point of a log')
    .description('Shows agents, their states, memory and grants, and who delegated to whom, without running anything.')
    .requiredOption('--log <dir>', 'the log to look at')
    .option('--at <seq>', 'the last entry to take into account; the whole log unless given', parseCount)
    .option('--agent <id>', 'only this agent and those below it, with all that they remember')
    .option('--messages', 'instead of the state: every message, who sent it, who read it, and what led to it')
    .addOption(new Option('--swarm', 'instead of the state: who did what in the swarms of the log').conflicts(['messages', 'graph', 'agent']))
    .addOption(new Option('--graph <language>', 'instead of the state: who talked to whom, to be drawn').choices(DRAWINGS).conflicts('json'))
    .action((options: InspectOptions) => perform(options, (session) => inspect(options, session)));
}

function addTail(program: Command, perform: Perform): void {
  addCommon(program.command('tail'), 'print the lines as they are stored, one JSON object each')
    .summary('print the entries of a log')
    .description('Prints the entries of a log, also of one that is being written.')
    .requiredOption('--log <dir>', 'the log to print')
    .option('-f, --follow', 'go on with entries to come, until Ctrl-C')
    .option('-n, --last <count>', 'only the last so many entries (of those that are asked for)', parseCount)
    .option('--agent <id>', 'only entries about this agent')
    .option('--kind <kind>', 'only entries of this kind, e.g. TOOL_CALLED; can be repeated', collect)
    .option('--denied', 'only what was denied: to agents, and to plugins on their way')
    // With --json its output is the stored lines and nothing else, whatever goes wrong.
    .action((options: TailOptions & CommonOptions) =>
      perform({ ...options, json: false }, (session) => tail(options, session)),
    );
}

function addDashboard(program: Command, perform: Perform): void {
  addCommon(program.command('dashboard'), 'print the address as JSON')
    .summary('show a log in a browser, live')
    .description('Shows a log in a browser, also one that is being written, and changes nothing in it. Needs the package @omnipaw/dashboard.')
    .requiredOption('--log <dir>', 'the log to show')
    .option('--port <number>', 'the port; 9090 unless given, 0 for any that is free', parseCount)
    .option('--host <address>', 'the interface; any other than this machine itself needs a token of your own, DASHBOARD_TOKEN')
    .option('--allowed-host <host>', 'a name by which it may be opened beside its address, e.g. agents.example.org; can be repeated', collect)
    .option('--tls-cert <file>', 'serve by TLS, with the certificate in this file')
    .option('--tls-key <file>', 'the key of the certificate')
    .action((options: DashboardCommandOptions) => perform(options, (session) => showDashboard(options, session)));
}

function addResume(program: Command, perform: Perform): void {
  const command = addCommon(program.command('resume'), 'print one JSON object instead of the results')
    .summary('take up the agents of a log that have not ended')
    .description('Takes up agents where they were, with the agents and tools of a program, and waits until they have ended.')
    .argument('<program>', 'a .ts, .js or .mjs file; every agent and tool that it exports is registered')
    .requiredOption('--log <dir>', 'the log to go on in')
    .option('--agent <id>', 'wait for this agent only; for all that have not ended unless given')
    .option('--settle <call=json>', "what came of a call that nobody knows of, e.g. payer-1/3/0='{\"value\":\"paid\"}', or {\"error\":\"text\"}; can be repeated", collect)
    .option('--by <name>', 'who says so, for the record; "operator" unless given')
    .addOption(new Option('--unknown-outcomes <what>', 'with calls that may not be repeated, and of which nobody says: "throw" lets their programs decide, "refuse" lists them and starts nothing').choices(['throw', 'refuse']).default('throw'))
    .option('--sign <file>', SIGN);
  addPluginOptions(command).action((file: string, options: ResumeOptions) => perform(options, (session) => withTelemetry(session, (watched) => resume(file, options, watched))));
}

function addFork(program: Command, perform: Perform): void {
  const command = addCommon(program.command('fork'), 'print one JSON object')
    .summary('go on from an entry of a log in another log')
    .description('Copies a log up to an entry into a log of its own, changes that entry if you like, and goes on there.')
    .argument('[program]', 'goes on with it at once, as resume does')
    .requiredOption('--log <dir>', 'the log to fork; it stays as it is')
    .requiredOption('--at <seq>', 'the last entry that both logs have', parseCount)
    .requiredOption('--into <dir>', 'where the new log goes')
    .option('--patch <json>', 'what else that entry says, e.g. {"value":1} for a TOOL_RESULT; @file reads it from a file')
    .option('--agent <id>', 'with a program: wait for this agent only')
    .option('--sign <file>', `with a program: ${SIGN}`);
  addPluginOptions(command).action((file: string | undefined, options: ForkOptions) => perform(options, (session) => withTelemetry(session, (watched) => fork(file, options, watched))));
}

function addDiff(program: Command, perform: Perform): void {
  addCommon(program.command('diff'), 'print the differences as JSON')
    .summary('find where two logs differ')
    .description('Finds the first difference of each agent in two logs, whatever the times and the order in which agents ran.')
    .argument('<a>', 'a log')
    .argument('<b>', 'another one')
    .option('--agent <id>', 'only what this agent did')
    .action((a: string, b: string, options: DiffOptions) => perform(options, (session) => diff([a, b], options, session)))
    .addHelpText('after', '\nExit codes: 0 they say the same, 1 they differ, 2 a wrong call');
}

function addWhatIf(program: Command, perform: Perform): void {
  addCommon(program.command('what-if'), 'print the findings as JSON')
    .summary('ask again about all that a log has, under other rules')
    .description('Lists each recorded action that would now be refused, asked about or warned about. Nothing is run.')
    .argument('[program]', 'a file that exports policies (a list) or extensions whose guards are asked')
    .requiredOption('--log <dir>', 'the log to ask about')
    .option('--policy <json>', 'policies instead of those on record, one or a list; @file reads them; can be repeated', collect)
    .option('--deny <action:resource>', 'a policy more, which denies this; can be repeated', collect)
    .option('--grant <[agent=]action:resource>', 'a grant more for an agent, by id or type, without agent= for everybody; can be repeated', collect)
    .option('--without-grant <[agent=]action:resource>', 'takes away what this covers; without agent= from everybody; can be repeated', collect)
    .action((file: string | undefined, options: WhatIfOptions) => perform(options, (session) => whatIf(file, options, session)))
    .addHelpText('after', '\nExit codes: 0 nothing would be refused or asked about, 1 something would, 2 a wrong call');
}

function addKeygen(program: Command, perform: Perform): void {
  addCommon(program.command('keygen'), 'print the names of the files as JSON')
    .summary('make a key to sign logs with')
    .description('Makes an Ed25519 key: the private half in a file, the public half beside it in FILE.pub. Overwrites nothing.')
    .option('--out <file>', 'where the private key goes', 'omnipaw.key')
    .action((options: KeygenOptions) => perform(options, (session) => keygen(options, session)));
}

function addSign(program: Command, perform: Perform): void {
  addCommon(program.command('sign'), 'print what was signed as JSON')
    .summary('sign a log as it is now')
    .description('Signs the head of a log, so that whoever has the public key can see that nothing up to there is missing or changed.')
    .requiredOption('--log <dir>', 'the log to sign; nobody should be writing to it')
    .requiredOption('--key <file>', 'the private key, as keygen makes it')
    .option('--out <file>', 'where the signed head goes; into "heads" beside the log unless given')
    .action((options: SignOptions) => perform(options, (session) => sign(options, session)));
}

function addReceipt(program: Command, perform: Perform): void {
  const command = addCommon(program.command('receipt'), 'print one JSON object instead of the receipt')
    .summary('prove a single entry, without handing out the log')
    .description('Makes a receipt: one entry of a log, with proof that it is in the log that was signed.')
    .option('--log <dir>', 'the log')
    .option('--at <seq>', 'the entry', parseCount)
    .option('--head <file>', 'the signed head to prove it against; the newest beside the log unless given')
    .option('--out <file>', 'where the receipt goes; to standard output unless given')
    .action((options: ReceiptOptions) => perform(options, (session) => receipt(options, session)));
  addCommon(command.command('verify'), 'print the entry and what was signed as JSON')
    .summary('check a receipt, without the log')
    .description('Says whether a receipt is good, and shows its entry. Needs the public key and nothing else.')
    .argument('<receipt>', 'the file')
    .requiredOption('--public-key <file>', 'the key that must have signed the log')
    // The parser gives what both commands take to the outer one.
    .action((file: string, _own: unknown, verify: Command) => {
      const options = verify.optsWithGlobals<VerifyReceiptOptions>();
      return perform(options, (session) => verifyReceipt(file, options, session));
    });
}

function addPlugins(program: Command, perform: Perform): void {
  const plugins = program.command('plugins').summary('look at plugins, and make them').description('Looks at plugins, and makes them. Nothing of a plugin runs for that, but by "test". Needs the package @omnipaw/plugins.');
  addCommon(plugins.command('validate'), 'print the verdicts as JSON')
    .summary('check plugins, and say all that is wrong')
    .description('Checks manifests of plugins, whether their files and signatures are those that the manifests name, and whether their code can be bundled.')
    .argument('<folder...>', 'the folders of plugins')
    .action((folders: string[], options: ValidateOptions) => perform(options, (session) => validatePlugins(folders, options, session)))
    .addHelpText('after', '\nExit codes: 0 all are good, 1 one is not, 2 a wrong call');
  addCommon(plugins.command('list'), 'print what there is as JSON')
    .summary('list the plugins in a folder')
    .description('Lists what a folder has of plugins: their tools and agents, what they ask for, and who has signed them.')
    .option('--plugins <dir>', 'the folder that has a folder for each plugin', 'plugins')
    .option('--trusted-key <file>', 'a public key: without the signature of one of these keys a plugin is not good; can be repeated', collect)
    .action((options: ListOptions) => perform(options, (session) => listPlugins(options, session)));
  addPluginKit(plugins, perform);
}

/** What authors of plugins need. */
function addPluginKit(plugins: Command, perform: Perform): void {
  addCommon(plugins.command('new'), 'print what was written as JSON')
    .summary('begin a plugin')
    .description('Writes a plugin that works: manifest, a tool in TypeScript, its test. Overwrites nothing.')
    .argument('<name>', 'the name: greet, or plugin-greet')
    .argument('[folder]', 'where it goes: a folder that is not there yet; plugin-NAME in the working directory unless given')
    .action((name: string, folder: string | undefined, options: NewOptions) => perform(options, (session) => newPlugin(name, { ...options, folder }, session)));
  addCommon(plugins.command('test'), 'print the results as JSON')
    .summary('run the tests of a plugin')
    .description('Runs the tests in the folder "test" of a plugin. Tests are programs with all your rights: run those that you trust. What they test runs in the isolate.')
    .argument('[folder]', 'the folder of the plugin', '.')
    .action((folder: string, options: TestOptions) => perform(options, (session) => testPlugin(folder, options, session)))
    .addHelpText('after', '\nExit codes: 0 all have passed, 1 one has not, 2 a wrong call');
  addCommon(plugins.command('pack'), 'print what was packed as JSON')
    .summary('pack what is shipped of a plugin')
    .description('Copies what is shipped of a plugin into a folder of its own: what its code needs, licences, and a manifest with the digest of each file.')
    .argument('[folder]', 'the folder of the plugin', '.')
    .option('--out <dir>', 'where it goes: a folder that is not there yet; NAME-VERSION in the working directory unless given')
    .action((folder: string, options: PackOptions) => perform(options, (session) => packPlugin(folder, options, session)));
  addCommon(plugins.command('sign'), 'print who has signed as JSON')
    .summary('sign a plugin as it is now')
    .description('Writes the digest of each file and a signature into the manifest of a plugin. Sign what was packed, rather than the folder in which you work.')
    .argument('<folder>', 'the folder of the plugin')
    .requiredOption('--key <file>', 'the private key, as keygen makes it')
    .action((folder: string, options: SignPluginOptions) => perform(options, (session) => signPlugin(folder, options, session)));
}

/** Of commands that run tools. */
function addPluginOptions(command: Command): Command {
  return command
    .option('--plugins <dir>', PLUGINS, collect)
    .option('--plugin-grants <file>', PLUGIN_GRANTS)
    .option('--trusted-key <file>', TRUSTED_KEY, collect);
}

function addCommon(command: Command, jsonHelp: string): Command {
  return command
    .option('--json', jsonHelp)
    .option('--verbose', 'say more about what went wrong')
    .showHelpAfterError(`See "omnipaw ${nameOf(command)} --help".`);
}

/** `receipt verify`: all that stands between the program's own name and the options. */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent instanceof Command ? `${nameOf(parent)} ${command.name()}` : command.name();
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function collectGrant(value: string, before: readonly string[] = []): readonly string[] {
  try {
    parseGrant(value);
  } catch (thrown) {
    throw new InvalidArgumentError((thrown as Error).message);
  }
  return [...before, value];
}

function parseCount(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

function parsePin(value: string): string {
  const hash = value.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new InvalidArgumentError('A pin is the hash of an entry: 64 hexadecimal digits.');
}
