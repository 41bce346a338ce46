/** The version of this package, as its package.json has it (a test compares): read from there, a bundled kernel would not start. */
export const VERSION = '0.0.0';
