import type { HostShell } from './connection.js';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** libvirt's range of ports for migrations where qemu.conf says nothing (migration_port_min, migration_port_max). */
export const MIGRATION_PORTS: PortRange = { first: 49152, last: 49215 };

/** The kernel sends its first packet again after 1 s (RFC 6298): this is for three of them. */
const CONNECT_SECONDS = 4;

/** For a script: prints `first=…` and `last=…` where the host's qemu.conf sets them. */
export const READ_PORT_RANGE =
  `sed -n 's/^[[:space:]]*migration_port_min[[:space:]]*=[[:space:]]*\\([0-9]*\\).*/first=\\1/p; ` +
  `s/^[[:space:]]*migration_port_max[[:space:]]*=[[:space:]]*\\([0-9]*\\).*/last=\\1/p' ` +
  '/etc/libvirt/qemu.conf 2>/dev/null';

export function portRange(printed: string): PortRange {
  const value = (key: string) => Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(printed)?.[1] ?? Number.NaN);
  const [first, last] = [value('first'), value('last')];
  return {
    first: Number.isNaN(first) ? MIGRATION_PORTS.first : first,
    last: Number.isNaN(last) ? MIGRATION_PORTS.last : last,
  };
}

/** The port that libvirt on that host would take for the next migration to it, and the range that it chooses from. */
export async function nextMigrationPort(shell: HostShell): Promise<PortRange & { readonly next: number }> {
  const taken = `PATH=$PATH:/usr/sbin:/sbin; ss -Hltn | awk '{ sub(".*:", "", $4); print "taken=" $4 }'`;
  const { stdout } = await shell.run(['sh', '-c', `${READ_PORT_RANGE}; ${taken}`]);
  const range = portRange(stdout);
  const inUse = new Set([...stdout.matchAll(/^taken=(\d+)$/gm)].map(([, port]) => Number(port)));
  let next = range.first;
  while (next < range.last && inUse.has(next)) next += 1;
  return { ...range, next };
}

/**
 * Whether packets get to a port and an answer comes back; null: yes, else what came instead. A port on which nobody
 * listens refuses at once, which is an answer; one that is filtered stays silent. /dev/tcp is bash's own.
 */
export async function portSilence(shell: HostShell, address: string, port: number): Promise<string | null> {
  const script = 'exec 3<>"/dev/tcp/$0/$1"';
  const argv = ['env', 'LC_ALL=C', 'timeout', String(CONNECT_SECONDS), 'bash', '-c', script, address, String(port)];
  const { exitCode, stderr } = await shell.run(argv, { accept: [0, 1, 124] });
  if (exitCode === 0 || /Connection refused/.test(stderr)) return null;
  return exitCode === 124
    ? `no answer within ${CONNECT_SECONDS} s`
    : (stderr.trim().split('\n').at(-1)?.split(': ').at(-1) ?? '');
}
