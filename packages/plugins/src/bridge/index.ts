export { fetchToolName, wishOf, type Holder, type Wish } from './wish.js';
