/** What somebody looks at. It stands in the address, so that going back and bookmarks work. */

export const PANELS = /** @type {const} */ (['agents', 'events', 'memory', 'lifecycle', 'swarm', 'quotas', 'approvals', 'timeline', 'integrity']);
/** @typedef {(typeof PANELS)[number]} PanelName */

const THEMES = /** @type {const} */ (['auto', 'light', 'dark']);

export class Ui {
  /** @type {PanelName} */
  panel = 'agents';
  /** @type {string | null} */
  agent = null;
  /** The entry that is opened. @type {number | null} */
  entry = null;
  /** @type {(typeof THEMES)[number]} */
  theme = THEMES.find((theme) => theme === localStorage.getItem('omnipaw.theme')) ?? 'auto';
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    addEventListener('hashchange', () => { this.#read(); });
    document.documentElement.dataset['theme'] = this.theme;
    this.#read();
  }

  /**
   * @param {{ readonly panel?: PanelName, readonly agent?: string | null, readonly entry?: number | null }} to what is not named stays
   */
  go({ panel = this.panel, agent = this.agent, entry = this.entry }) {
    const query = new URLSearchParams();
    if (agent !== null) query.set('agent', agent);
    if (entry !== null) query.set('entry', String(entry));
    const text = query.toString();
    const hash = `#/${panel}${text === '' ? '' : `?${text}`}`;
    if (hash === location.hash) return;
    // Only another panel is a place to go back to.
    if (panel === this.panel) history.replaceState(null, '', hash);
    else history.pushState(null, '', hash);
    this.#read();
  }

  nextTheme() {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? 'auto';
    localStorage.setItem('omnipaw.theme', this.theme);
    document.documentElement.dataset['theme'] = this.theme;
    this.#changed();
  }

  #read() {
    const [path = '', query = ''] = location.hash.slice(2).split('?');
    const asked = new URLSearchParams(query);
    this.panel = PANELS.find((panel) => panel === path) ?? 'agents';
    this.agent = asked.get('agent');
    const entry = asked.get('entry');
    this.entry = entry !== null && /^\d{1,15}$/.test(entry) ? Number(entry) : null;
    this.#changed();
  }
}
