/** A swarm that decides a question together. */
export { consensus, type ConsensusParts } from './consensus.js';
