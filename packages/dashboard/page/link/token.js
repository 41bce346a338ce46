/** The key to the dashboard: it comes with the address, and stays in this tab. */

const NAME = 'omnipaw.token';

/** Takes the token out of the address, where people might copy it, or finds the one of before. */
export function takeToken() {
  const { hash, pathname, search } = location;
  // What begins with a slash names a panel; no token does.
  if (hash.length > 1 && !hash.startsWith('#/')) {
    saveToken(hash.slice(1));
    history.replaceState(null, '', pathname + search);
  }
  return sessionStorage.getItem(NAME) ?? '';
}

/** @param {string} token */
export function saveToken(token) {
  sessionStorage.setItem(NAME, token);
}

/**
 * Whether a text can be a token at all: others can't be sent.
 * @param {string} token
 */
export function isToken(token) {
  return /^[\w-]{16,256}$/.test(token);
}
