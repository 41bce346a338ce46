/** The page: a store that follows the log, and panels that show it. */
import { Store } from './data/store.js';
import { isToken, saveToken, takeToken } from './link/token.js';
import { createPanels } from './panels/index.js';
import { render } from './view/dom.js';
import { createShell } from './view/shell.js';
import { Ui } from './view/ui.js';

/** Faster than that nobody can read. */
const FRAME_MS = 80;

/** @typedef {{ readonly store: Store, readonly ui: Ui, readonly changed: () => void, readonly useToken: (token: string) => void }} Context */

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
let isDue = false;
let drawnAt = 0;

/** Draws soon, once for all that has changed until then. */
function changed() {
  if (isDue) return;
  isDue = true;
  const wait = Math.max(0, FRAME_MS - (performance.now() - drawnAt));
  setTimeout(() => { requestAnimationFrame(draw); }, wait);
}

const token = takeToken();
const ui = new Ui(changed);
const store = new Store(changed);
/** @type {Context} */
const context = { store, ui, changed, useToken };
const shell = createShell(context, createPanels(context));

function draw() {
  isDue = false;
  drawnAt = performance.now();
  render(root, shell());
}

/** @param {string} text */
function useToken(text) {
  saveToken(text);
  store.link.use(text);
}

// A token that was opened in a tab that is here already.
addEventListener('hashchange', () => {
  if (location.hash.length > 1 && !location.hash.startsWith('#/')) useToken(takeToken());
});
// Waiting times and ages go on while nothing happens.
setInterval(changed, 1_000);
if (isToken(token)) useToken(token);
draw();
