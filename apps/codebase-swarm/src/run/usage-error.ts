/** The user asked for something that can't be: one line says what, and the exit code is 2. */
export class UsageError extends Error {}
