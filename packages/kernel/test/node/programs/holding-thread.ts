/** Becomes the writer of the log in the directory that it is given, and says whether it has. */
import { parentPort, workerData } from 'node:worker_threads';
import { FileLogStore } from '../../../src/node/index.js';

await new FileLogStore(workerData as string).open();
parentPort?.postMessage('won');
parentPort?.on('message', () => undefined);
