/** One turn of the event loop: everything that is ready goes on once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}
