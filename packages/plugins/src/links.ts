/** What is said of files that may be somebody else's: the same wherever a plugin's folder is read. */

/** How pnpm makes a folder of packages that has files of its own and no links. */
export const PNPM_ADVICE = 'With pnpm, set "nodeLinker: hoisted" and "packageImportMethod: copy"';
/** What is said of a file that may be that of somebody else, too. */
export const HARD_LINK = `has another name, too, perhaps outside of the folder (a hard link). Put a copy in its place. ${PNPM_ADVICE}`;
