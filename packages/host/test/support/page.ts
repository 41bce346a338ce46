import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../../../docs/content/host.md', import.meta.url), 'utf8');

/** What stands below a heading of the page on these tools, up to the next one of its kind. */
export function section(heading: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))!;
}
