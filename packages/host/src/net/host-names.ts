/** How a host is written on a list: as a URL has it, in lower case and with Unicode as `xn--`. Pure. */

/** Why a text is no host on a list, or nothing. */
export function problemOfHost(host: string): string | undefined {
  if (isHost(host)) return undefined;
  if (host === '*') return 'must name hosts: there is no "*" for all of them, only for all below one (*.example.com)';
  const better = ['', '*.'].map((below) => below + hostnameOf(host.replace(/^\*\./, ''))).find((name) => isHost(name) && name.startsWith('*.') === host.includes('*.'));
  return `must be a host alone, as URLs have it${better === undefined ? ' (api.example.com, *.example.com, 203.0.113.7)' : `: write ${JSON.stringify(better)}`}`;
}

function isHost(host: string): boolean {
  const name = host.replace(/^\*\./, '');
  return name !== '' && !name.includes('*') && hostnameOf(name) === name;
}

/** The host of a URL, or of what is one after `http://`; empty if there is none. */
function hostnameOf(given: string): string {
  try {
    return new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}/`).hostname;
  } catch {
    return '';
  }
}
