export { codeProblems } from './modules.js';
export { packPlugin, type PackedPlugin, type PackRequest } from './pack.js';
