/** How git is asked. */
export interface GitOptions {
  /** The home of whom git takes its global settings from; nobody's unless given. */
  readonly home?: string;
  /** Whether the repository may lie around the root, too: then its history has files outside of the root. False unless given. */
  readonly around?: boolean;
}
