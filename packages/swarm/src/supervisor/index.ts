/** Children that are watched, and started again. */
export { handOff, HandOff } from './hand-off.js';
export { begin, ended, isOver, needed, type Action, type ChildState, type Ended, type Intensity, type Restart, type Rules, type Step, type SupervisorState, type Together } from './machine.js';
export { supervisor, type SupervisedChild, type SupervisorOptions } from './supervisor.js';
