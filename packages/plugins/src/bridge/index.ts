export { wishOf, type Holder, type Wish } from './wish.js';
