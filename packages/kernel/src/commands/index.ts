export { Commands, type CommandsOptions, type Move } from './commands.js';
