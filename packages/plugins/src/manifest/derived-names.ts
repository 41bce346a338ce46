/** Names of tools that a plugin has beside those of its manifest, pure. No tool or agent of a manifest takes one of them. */

/** The tool by which the program of an agent runs. */
export function programName(type: string): string {
  return `${type}.program`;
}

/** With what the names of the tools begin by which a plugin reaches its hosts. */
export function networkPrefix(shortName: string): string {
  return `${shortName}.host.net.`;
}

/** One of these tools; the first has no number. */
export function fetchToolName(shortName: string, index = 0): string {
  return `${networkPrefix(shortName)}fetch${index === 0 ? '' : String(index + 1)}`;
}
