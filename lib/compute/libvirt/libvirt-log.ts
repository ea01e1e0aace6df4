import type { HostShell } from '../../host/connection.js';

const TAIL_BYTES = 65_536;
const TIMEOUT_MS = 15_000;
/** What an end says of the other's going; the cause is elsewhere. */
const ECHOES = new RegExp(
  [
    'End of file while reading data',
    'Cannot recv data',
    'Unable to read from monitor',
    'internal error: connection closed',
    'terminating on signal',
    'Received HangUp',
  ].join('|'),
);

/** libvirtd's own log where it has one, else the journal; and what the domain's QEMU has printed. */
const SCRIPT = `
for log in libvirtd virtqemud; do tail -c ${TAIL_BYTES} "/var/log/libvirt/$log.log"; done 2>/dev/null
echo '=== journal'
journalctl -q --no-pager -o cat --since="@$2" -p warning -u libvirtd -u virtqemud 2>/dev/null | tail -n 50
echo '=== qemu'
tail -c ${TAIL_BYTES} "/var/log/libvirt/qemu/$1.log" 2>/dev/null
exit 0
`;

/**
 * What libvirt and the domain's QEMU on that host have called an error since then, oldest first, each once. Peer to
 * peer, libvirt loses half of what the other end has told it.
 *
 * @param sinceMs by that host's clock
 * @throws CommandError, VxmigError SSH_CONNECT
 */
export async function observeLibvirtErrors(shell: HostShell, domain: string, sinceMs: number): Promise<string[]> {
  const argv = ['sh', '-s', '--', domain, String(Math.floor(sinceMs / 1000))];
  const { stdout } = await shell.run(argv, { stdin: SCRIPT, timeoutMs: TIMEOUT_MS });
  return libvirtErrors(stdout, sinceMs);
}

/** In what the script has printed. */
export function libvirtErrors(printed: string, sinceMs: number): string[] {
  const [daemon = '', rest = ''] = printed.split('=== journal\n');
  const [journal = '', qemu = ''] = rest.split('=== qemu\n');
  const dated = (lines: RegExpMatchArray[]) =>
    lines.flatMap(([, at = '', text = '']) => (Date.parse(at) >= sinceMs ? [text] : []));
  // virlog.c: `2026-11-27 17:38:15.174+0000: 78: error : virStorageSourceReportBrokenChain:1324 : Cannot access …`
  const ofDaemon = [...daemon.matchAll(/^(\S+ [\d:.]+\+0000): \d+: error : \w+:\d+ : (.*)$/gm)].map((match) => {
    const dateOf = match[1]?.replace(' ', 'T').replace('+0000', 'Z') ?? '';
    return Object.assign(match, { 1: dateOf });
  });
  const ofQemu = [...qemu.matchAll(/^(\d{4}-\d\d-\d\dT[\d:.]+Z) \S*qemu\S*: (.*)$/gm)];
  const all = [...dated(ofDaemon), ...journal.split('\n'), ...dated(ofQemu)];
  return [...new Set(all.map((text) => text.trim()))].filter((text) => text !== '' && !ECHOES.test(text));
}
