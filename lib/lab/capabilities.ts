/**
 * What root may do in a lab's machine (capabilities(7)): what its daemons and `ip netns` need. Left out is, above all,
 * what leads past its root directory: `mknod` (a disk of the machine), `dac_read_search` (open_by_handle_at(2) reads
 * any file of a file system of which one is visible), `sys_module`, `sys_rawio` and `sys_boot`; and what acts on the
 * machine as a whole: its clock, its log, its security modules. Whatever a later kernel adds is left out too.
 */
const KEPT = [
  // sshd, libvirt and QEMU: other users' files and processes.
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'setfcap',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'sys_chroot',
  'sys_resource',
  // sshd of Debian ends where the audit system refuses its message.
  'audit_write',
  // Open vSwitch, nft, ip, ping.
  'net_admin',
  'net_raw',
  'net_bind_service',
  'net_broadcast',
  'ipc_lock',
  'ipc_owner',
  'sys_nice',
  // `ip netns` mounts, and makes namespaces.
  'sys_admin',
  // nsenter(1) looks at another process's namespaces; people debug daemons.
  'sys_ptrace',
];

/** As `setpriv --bounding-set` reads it. */
export const MACHINE_CAPABILITIES = boundingSet([]);

function boundingSet(more: readonly string[]): string {
  return ['-all', ...[...KEPT, ...more].map((name) => `+${name}`)].join(',');
}

/**
 * setpriv(1) arguments to start a program with no more than that, nor anything it starts. What is inherited must go as
 * well: at exec it is added to what root gets, whatever the bounding set says.
 * @param more that one daemon alone is given
 */
export function confine(argv: readonly string[], more: readonly string[] = []): string[] {
  return ['setpriv', '--inh-caps=-all', `--bounding-set=${boundingSet(more)}`, '--', ...argv];
}
