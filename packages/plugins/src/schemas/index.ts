export { problemOf } from './schema-error.js';
export { canonicalJson } from './canonical-json.js';
export { schemaProblems, standardSchema } from './compile.js';
export { didYouMean } from './nearest.js';
export { inOneLine, pointer, shown, stepsOf, type Problem } from './problem.js';
