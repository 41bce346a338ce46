/** @typedef {import('../../data/store.js').Store} Store */

/**
 * What to type to go on from a moment in a log of its own.
 * @param {Store} store
 * @param {number} at
 */
export function forkCommand({ hello, live }, at) {
  const directory = hello?.source.directory ?? 'LOG';
  const name = live.log?.logId.slice(0, 6) ?? 'log';
  return `omnipaw fork --log ${quoted(directory)} --at ${at} --into ${quoted(`${directory.replace(/[\\/]+$/, '')}-at-${at}-${name}`)}`;
}

/**
 * For a shell: whatever is in a name stays in it.
 * @param {string} text
 */
export function quoted(text) {
  return /^[\w./@:+-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
