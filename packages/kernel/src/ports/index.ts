export type { AbortHandle, AbortSignalLike, Clock, Codec, Ports, RandomSource, Timers, Watchdog } from './ports.js';
