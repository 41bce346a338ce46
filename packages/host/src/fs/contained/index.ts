export { containedTools, type Container } from './contained-tools.js';
