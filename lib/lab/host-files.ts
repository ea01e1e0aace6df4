import { createHash } from 'node:crypto';
import type { Topology } from '../model/topology.js';
import type { LabState } from './lab-state.js';
import type { LabIdentities } from './ssh-identities.js';

/** A file of a lab host that differs from the machine's: path inside the host → content and mode. */
export interface HostFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** Everything by which one host of a lab differs from the others, and from the machine that it runs on. */
export function hostFiles(state: LabState, hostName: string, identities: LabIdentities): HostFile[] {
  const keys = identities.hosts.get(hostName);
  if (keys === undefined) throw new Error(`no keys for host ${hostName}`);
  const authorized = [identities.controller, ...[...identities.hosts.values()].map((pair) => pair.user)];
  const publicFile = (path: string, content: string): HostFile => ({ path, content, mode: 0o644 });
  const privateFile = (path: string, content: string): HostFile => ({ path, content, mode: 0o600 });
  return [
    publicFile('/etc/hostname', `${hostName}\n`),
    publicFile('/etc/hosts', etcHosts(state)),
    publicFile('/etc/resolv.conf', RESOLV_CONF),
    publicFile('/etc/nsswitch.conf', NSSWITCH_CONF),
    publicFile('/etc/ssh/sshd_config', SSHD_CONFIG),
    publicFile('/etc/ssh/ssh_known_hosts', knownHosts(state, identities)),
    privateFile('/etc/ssh/ssh_host_ed25519_key', keys.host.privateKey),
    publicFile('/etc/ssh/ssh_host_ed25519_key.pub', `${keys.host.publicKey}\n`),
    privateFile('/root/.ssh/id_ed25519', keys.user.privateKey),
    publicFile('/root/.ssh/id_ed25519.pub', `${keys.user.publicKey}\n`),
    privateFile('/root/.ssh/authorized_keys', authorized.map((pair) => `${pair.publicKey}\n`).join('')),
    publicFile('/root/.ssh/known_hosts', knownHosts(state, identities)),
    publicFile('/etc/libvirt/libvirtd.conf', libvirtdConf(state.name, hostName)),
    publicFile('/etc/libvirt/qemu.conf', QEMU_CONF),
    publicFile('/etc/libvirt/virtlogd.conf', VIRTLOGD_CONF),
    publicFile('/etc/openvswitch/system-id.conf', `${hostName}\n`),
  ];
}

/** The router and storage servers need no more than their names and everybody's addresses. */
export function machineFiles(state: LabState, name: string): HostFile[] {
  return [
    { path: '/etc/hostname', content: `${name}\n`, mode: 0o644 },
    { path: '/etc/hosts', content: etcHosts(state), mode: 0o644 },
    { path: '/etc/resolv.conf', content: RESOLV_CONF, mode: 0o644 },
    { path: '/etc/nsswitch.conf', content: NSSWITCH_CONF, mode: 0o644 },
  ];
}

/** NAME is the management address, which stays where it is while vxmig works on the underlay; NAME-vtep the VTEP's. */
function etcHosts(state: LabState): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback'];
  for (const host of state.hosts) {
    lines.push(`${host.managementAddress} ${host.name}`);
    for (const address of vtepAddresses(state.topology, host.name)) lines.push(`${address} ${host.name}-vtep`);
  }
  return `${lines.join('\n')}\n`;
}

export function knownHosts(state: LabState, identities: LabIdentities): string {
  const lines = state.hosts.flatMap((host) => {
    const key = identities.hosts.get(host.name)?.host.publicKey.split(' ').slice(0, 2).join(' ');
    const names = [host.name, `${host.name}-vtep`, host.managementAddress, ...vtepAddresses(state.topology, host.name)];
    return key === undefined ? [] : [`${names.join(',')} ${key}`];
  });
  return `${lines.join('\n')}\n`;
}

function vtepAddresses(topology: Topology, hostName: string): readonly string[] {
  return topology.hosts.find((host) => host.name === hostName)?.addresses ?? [];
}

/** Nobody listens there: the kernel refuses at once, where an unreachable server costs 5 s per name. */
const RESOLV_CONF = 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n';

const NSSWITCH_CONF = 'passwd: files\ngroup: files\nshadow: files\nhosts: files\nprotocols: files\nservices: files\n';

/** UsePAM off: PAM's session modules look for systemd and D-Bus, which a lab host does not have. */
const SSHD_CONFIG = `Port 22
AddressFamily any
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100:30:200
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
Subsystem sftp internal-sftp
`;

/** libvirt refuses to migrate between hosts of one UUID, and all hosts of a lab have the machine's DMI tables. */
function libvirtdConf(lab: string, hostName: string): string {
  return `host_uuid = "${stableUuid(['libvirt-host', lab, hostName])}"
unix_sock_group = "root"
unix_sock_rw_perms = "0770"
auth_unix_ro = "none"
auth_unix_rw = "none"
max_clients = 100
max_anonymous_clients = 100
log_level = 3
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
`;
}

/**
 * A namespace has neither cgroups nor security labels of its own, and the host's private /dev needs no second one.
 * QEMU still runs as the distribution's unprivileged user.
 */
const QEMU_CONF = `security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
stdio_handler = "logd"
`;

const VIRTLOGD_CONF = 'log_level = 3\nlog_outputs = "3:file:/var/log/libvirt/virtlogd.log"\n';

/** RFC 9562 §5.8: version 8, a hash of our own choice. */
function stableUuid(identity: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(identity)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
