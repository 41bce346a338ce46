/** Where files are read and written. */
export interface FileOptions {
  /** Whether that is done where commands run, as `SANDBOX_MODE` says, and not by this process. Its image must have node then. Unless given, what `SANDBOX_TOOLS` says (`fs,git`). */
  readonly contained?: boolean;
}
