export { divergenceAt, type Divergence, type DivergentSide } from './divergence.js';
export { isIdentified, isObject, isText } from './fields.js';
export { performEnd } from './inputs.js';
export { isKernelKind } from './kinds.js';
export { LastStep } from './last-step.js';
export { Lockstep, type LockstepOptions } from './lockstep.js';
export { Rerun } from './rerun.js';
export { Oracle } from './oracle.js';
