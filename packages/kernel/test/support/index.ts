export { boot, rejectionOf, type BootConfig, type Booted } from './boot.js';
export { entriesOf, kindsOf, ofKind, type EntryOf } from './entries.js';
export { turn } from './turn.js';
