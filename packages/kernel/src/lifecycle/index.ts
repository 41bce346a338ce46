export type { LifecycleEntries } from './entries.js';
export { LifecycleController } from './controller.js';
export {
  LIFECYCLE_STATES,
  LIFECYCLE_TRIGGERS,
  nextState,
  TRANSITIONS,
  type LifecycleState,
  type LifecycleTrigger,
  type Transition,
} from './transitions.js';
