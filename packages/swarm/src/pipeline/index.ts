/** Items that go through stages, many at once, in order. */
export { pipeline, type Stage } from './pipeline.js';
export { PipelinePlan, type StagePlan } from './plan.js';
