export type { AbortHandle, AbortSignalLike, Clock, Codec, Ports, RandomSource, Timers } from './ports.js';
