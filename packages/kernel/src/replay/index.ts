export { divergenceAt, type Divergence, type DivergentSide } from './divergence.js';
export { isSurelyInput } from './inputs.js';
export { Lockstep, type LockstepOptions } from './lockstep.js';
export { Rerun } from './rerun.js';
export { Oracle } from './oracle.js';
