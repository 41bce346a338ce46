export { boot, rejectionOf, type BootConfig, type Booted } from './boot.js';
export { ControlledStore } from './controlled-store.js';
export { entriesOf, kindsOf, ofKind, type EntryOf } from './entries.js';
export { turn, VirtualTime } from './virtual-time.js';
