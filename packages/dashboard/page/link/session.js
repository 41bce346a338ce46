/** @typedef {{ readonly status: number, readonly scope: 'read' | 'write' | null, readonly retryAfterMs: number }} Session */

const PATIENCE_MS = 10_000;

/**
 * What a token is good for; browsers don't say why a WebSocket was refused, so it is asked for by HTTP. Rejects if nobody answers.
 * @param {string} token
 * @returns {Promise<Session>}
 */
export async function sessionOf(token) {
  const response = await fetch('./session', { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
  const scope = response.ok ? (await response.json()).scope : null;
  return { status: response.status, scope, retryAfterMs: Number(response.headers.get('retry-after') ?? 0) * 1_000 };
}
