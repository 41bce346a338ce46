export type { MessageEntries, MessageFilter } from './entries.js';
export { isWanted, Mailboxes, type Message } from './mailboxes.js';
