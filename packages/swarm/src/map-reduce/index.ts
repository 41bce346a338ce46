/** A goal in pieces, worked on by all, and merged like a tree. */
export { mapReduce, type MapReduce } from './map-reduce.js';
export { MapReducePlan, type MapReduceOptions } from './plan.js';
