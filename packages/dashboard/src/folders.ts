import { fileURLToPath } from 'node:url';

/** Where the files are that browsers get. */
export interface Folders {
  readonly page: string;
  readonly state: string;
}

/** The page is beside the sources, and beside what is built of them. */
export const FOLDERS: Folders = {
  page: fileURLToPath(new URL('../page/', import.meta.url)),
  state: fileURLToPath(new URL('./state/', import.meta.url)),
};
