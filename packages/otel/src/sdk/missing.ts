/** Whether something was thrown since a file or a package is not there. */
export function isMissing(thrown: unknown, code: 'ENOENT' | 'MODULE_NOT_FOUND'): boolean {
  return (thrown as NodeJS.ErrnoException | undefined)?.code === code;
}
