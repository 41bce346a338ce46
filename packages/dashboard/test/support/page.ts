import { fileURLToPath } from 'node:url';

/** A page of tests: an index, a script, and files that nobody is to get. */
export const PAGE = fileURLToPath(new URL('../fixtures/page/', import.meta.url));
