/**
 * `node scripts/turbo.mjs ARGUMENTS…`: turbo without telemetry, which no setting in the repository
 * can turn off. Exits as turbo does.
 */
import { runTurbo } from './processes.mjs';

process.exitCode = await runTurbo(process.argv.slice(2));
