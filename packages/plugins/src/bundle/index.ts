export type { Bundle, BundleProblem, BundleRequest } from './bundle.js';
export { Bundler, type BundlerOptions } from './bundler.js';
