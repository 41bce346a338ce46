export { Alarm, timerOutcome } from './alarm.js';
export { Deadlines } from './deadlines.js';
export { TickEngine, type Awaiting, type TickInput, type TickOutput } from './engine.js';
export { Observers, type AgentLoopInfo, type Observer, type TickInfo } from './observer.js';
export { begin, Processes, type Birth, type Life } from './processes.js';
export { Scheduler, type SchedulerOptions } from './scheduler.js';
