/** Where the files of this package are, from its sources and from what is built of them alike. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the files are that browsers get. */
export interface Folders {
  readonly page: string;
  readonly state: string;
}

const builtPage = inPackage('./page/');

export const FOLDERS: Folders = {
  page: existsSync(builtPage) ? builtPage : inPackage('../page/'),
  state: inPackage('./state/'),
};

/** What runs in the thread of a dashboard. */
export const THREAD_PROGRAM = inPackage('./thread/main.js');

function inPackage(place: string): string {
  return fileURLToPath(new URL(place, import.meta.url));
}
