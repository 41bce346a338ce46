/** A dashboard over a directory, in a process of its own: `node server.mjs DIRECTORY`. Says its address. */
import { DashboardServer, DirectorySource } from '@omnipaw/dashboard';

const server = new DashboardServer(new DirectorySource(process.argv[2]), { port: 0 });
await server.listen();
process.stdout.write(`${server.url}\n`);
process.once('SIGTERM', () => process.exit(0));
