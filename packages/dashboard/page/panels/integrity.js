/** What this browser has proven of the log, by itself. */
import { canHash } from '../data/chain.js';
import { h } from '../view/dom.js';
import { clock, number, plural, shortHash } from '../view/format.js';
import { icon } from '../view/icons.js';
import { button, card, copyable, empty, entryLink, tile, tiles } from '../view/parts.js';
import { quoted } from './timeline/fork-command.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('../data/integrity.js').Integrity} Integrity */

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createIntegrityPanel(context) {
  const { store } = context;
  return () => {
    const { integrity } = store;
    if (!canHash) return empty('integrity', 'This browser can not hash here', 'Browsers have WebCrypto over https, or on the machine itself, only. Nothing that you see was verified.');
    return [
      verdict(context),
      h('div', { class: 'split is-even' },
        h('div', { class: 'stack' }, card('The end of the chain', h('span', { class: 'muted small' }, 'Each names the one before'), chain(context)), card('Problems', null, problems(store))),
        card('Completeness', null,
          h('p', null, 'A chain proves that its parts belong together. That nothing was cut off at its end is proven by a head that was kept elsewhere. This is the one of now:'),
          copyable(integrity.live.hash, 'Hash of the last entry that was verified'),
          h('p', null, 'Give it back later, and it says whether the log still holds what it holds now:'),
          copyable(`omnipaw verify --log ${quoted(store.hello?.source.directory ?? 'LOG')} --pin ${integrity.live.hash}`, 'Command that verifies'))),
    ];
  };
}

/** @param {Context} context */
function verdict({ store, ui }) {
  const { integrity } = store;
  const { broken, past, anchor, live } = integrity;
  const tone = broken !== null ? 'is-bad' : integrity.isWhole ? 'is-good' : 'is-warm';
  return h('section', { class: `card verdict ${tone}`, 'aria-label': 'Verdict' },
    h('div', { class: 'verdict-head' }, h('span', { class: 'verdict-icon' }, icon(broken !== null ? 'warning' : 'integrity')),
      h('div', { role: 'status' }, h('h2', null, headline(integrity)), h('p', { class: 'muted' }, sentence(integrity)))),
    ribbon(integrity),
    broken !== null ? brokenDetails(ui, broken) : integrity.isWhole ? null : h('div', { class: 'button-row pad' }, button(integrity.isAuditing ? 'Verifying …' : past.busSeq >= 0 ? 'Go on' : `Verify all ${number(anchor.busSeq + 1)} entries`, () => { integrity.audit(); }, { class: 'is-primary', disabled: integrity.isAuditing || store.isStale })),
    tiles(tile('Proven', number(integrity.proven), { note: 'entries' }), tile('From the first on', past.busSeq < 0 ? '—' : `0–${number(integrity.isWhole ? live.busSeq : past.busSeq)}`), tile('As they came', live.busSeq === anchor.busSeq ? '—' : `${number(anchor.busSeq + 1)}–${number(live.busSeq)}`), tile('Algorithm', 'SHA-256', { note: 'WebCrypto' })));
}

/** @param {Integrity} integrity */
function headline({ broken, isWhole, live, isAuditing, anchor }) {
  if (broken !== null) return `Broken at entry ${number(broken.busSeq)}`;
  if (isWhole) return live.busSeq < 0 ? 'Nothing to verify yet' : `Verified up to entry ${number(live.busSeq)}`;
  return isAuditing ? 'Verifying from the first entry on' : `Verified since entry ${number(anchor.busSeq)}`;
}

/** @param {Integrity} integrity */
function sentence({ broken, isWhole, anchor, past }) {
  if (broken !== null) return `${broken.why} What comes after it proves nothing.`;
  if (isWhole) return 'This browser has hashed every entry itself, from the first to the last, and each fits the one before.';
  return `${plural(anchor.busSeq - past.busSeq, 'entry', 'entries')} from before this page was opened were not hashed yet; the server said where they end.`;
}

/** Which parts are proven. @param {Integrity} integrity */
function ribbon({ past, anchor, live, broken, isWhole }) {
  const last = Math.max(1, live.busSeq + 1, (broken?.busSeq ?? 0) + 1);
  const share = (/** @type {number} */ entries) => `${(entries / last) * 100}%`;
  return h('div', { class: 'ribbon', 'aria-hidden': 'true' },
    h('span', { class: 'ribbon-part is-good', style: { left: '0%', width: share(past.busSeq + 1) } }),
    h('span', { class: 'ribbon-part is-good', style: { left: share(isWhole ? 0 : anchor.busSeq + 1), width: share(live.busSeq - (isWhole ? -1 : anchor.busSeq)) } }),
    broken === null ? null : h('span', { class: 'ribbon-break', style: { left: share(broken.busSeq) } }));
}

/**
 * @param {import('../view/ui.js').Ui} ui
 * @param {import('../data/chain.js').Break} broken
 */
function brokenDetails(ui, { busSeq, expected, found }) {
  return h('dl', { class: 'pairs pad', role: 'group' }, h('dt', null, 'Entry'), h('dd', null, entryLink(ui, busSeq)), h('dt', null, 'Expected'), h('dd', null, h('code', { class: 'wrap' }, expected === '' ? 'an entry' : expected)), h('dt', null, 'Found'), h('dd', null, h('code', { class: 'wrap' }, found)));
}

/** @param {Context} context */
function chain({ store, ui }) {
  const { recent, broken } = store.integrity;
  const links = [...recent].reverse();
  if (links.length === 0 && broken === null) return empty('integrity', 'No links yet');
  return h('ol', { class: 'plain chain' },
    broken === null ? null : h('li', { key: 'broken', class: 'chain-link is-bad' }, icon('warning'), entryLink(ui, broken.busSeq), h('span', null, broken.why)),
    links.map(({ busSeq, hash }) => h('li', { key: busSeq, class: 'chain-link' }, icon('check'), entryLink(ui, busSeq), h('code', { title: hash }, shortHash(hash)))));
}

/** @param {Context['store']} store */
function problems({ problems: all }) {
  if (all.length === 0) return empty('check', 'None was reported');
  return h('ul', { class: 'plain met' }, [...all].reverse().map(({ code, message, at }, index) => h('li', { key: `${at} ${index}` }, h('div', { class: 'met-head' }, h('span', { class: 'chip is-bad mono' }, code), h('span', { class: 'muted small mono' }, clock(at))), h('p', { class: 'small' }, message))));
}
