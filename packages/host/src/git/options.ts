/** How git is asked. */
export interface GitOptions {
  /** The home of whom git takes its global settings from; nobody's unless given. */
  readonly home?: string;
  /** Whether the repository may lie around the root, too: then its history has files outside of the root. Unless given, what `SANDBOX_TOOLS` says (`fs,git`). */
  readonly around?: boolean;
  /** Whether git runs where commands do, as `SANDBOX_MODE` says, and not on this machine. Its image must have git then. False unless given. */
  readonly contained?: boolean;
}
