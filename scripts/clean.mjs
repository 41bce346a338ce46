/** `node clean.mjs FOLDER`: removes a folder. A file that no source makes any more must not be published. */
import { rmSync } from 'node:fs';

rmSync(process.argv[2], { recursive: true, force: true });
