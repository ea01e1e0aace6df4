import type { HostShell } from '../host/connection.js';
import { MIGRATION_PORTS } from '../host/fitness.js';
import { reaches } from '../host/reach.js';
import type { Check } from '../model/check.js';
import type { Host, Topology } from '../model/topology.js';
import { vtepOf } from '../plan/desired.js';
import { libvirtUriOf } from './host-address.js';

const CONNECT_SECONDS = 3;
const VIRSH_SECONDS = 25;

/** What one host must be able to do towards another one: send it full-size packets and, where there are VMs, its libvirtd requests and a VM's memory. */
export async function pairChecks(topology: Topology, shell: HostShell, from: Host, to: Host): Promise<Check[]> {
  const forVms = topology.vms.length > 0 ? [migrationPorts(shell, from, to), libvirtOverSsh(shell, from, to)] : [];
  return await Promise.all([pathMtu(topology, shell, from, to), ...forVms]);
}

async function pathMtu(topology: Topology, shell: HostShell, from: Host, to: Host): Promise<Check> {
  const mtu = Math.min(
    ...topology.underlay
      .filter(({ name }) => name === from.underlay || name === to.underlay)
      .map((segment) => segment.mtu),
  );
  const { ok, seen } = await reaches(shell, { address: vtepOf(to), fullSizeMtu: mtu });
  const hint = ok ? '' : 'mend the route or the MTU on the way; or set the segment’s `mtu:` to what it carries';
  return {
    name: `path MTU ${from.name} to ${to.name}`,
    ok,
    expected: `${vtepOf(to)} answers packets of ${mtu} bytes`,
    seen,
    hint,
  };
}

/**
 * Nobody listens there before a migration: a port that refuses at once is reachable, one that stays silent is filtered. /dev/tcp is
 * bash's own.
 */
async function migrationPorts(shell: HostShell, from: Host, to: Host): Promise<Check> {
  const ports = [MIGRATION_PORTS.first, MIGRATION_PORTS.last];
  const tries = ports.map(async (port) => {
    const argv = [
      'timeout',
      String(CONNECT_SECONDS),
      'bash',
      '-c',
      'exec 3<>"/dev/tcp/$0/$1"',
      vtepOf(to),
      String(port),
    ];
    const { exitCode, stderr } = await shell.run(argv, { accept: [0, 1, 124] });
    const reached = exitCode === 0 || /Connection refused/.test(stderr);
    return reached ? '' : `${port}: ${exitCode === 124 ? 'silence' : (stderr.trim().split('\n').at(-1) ?? '')}`;
  });
  const unreached = (await Promise.all(tries)).filter((text) => text !== '');
  const ok = unreached.length === 0;
  return {
    name: `migration ports ${from.name} to ${to.name}`,
    ok,
    expected: `TCP ${ports.join(' and ')} of ${vtepOf(to)} can be reached`,
    seen: ok ? `TCP ${ports.join(' and ')} of ${vtepOf(to)} can be reached` : unreached.join('; '),
    hint: ok ? '' : `open TCP ${MIGRATION_PORTS.first} to ${MIGRATION_PORTS.last} in ${to.name}'s firewall`,
  };
}

async function libvirtOverSsh(shell: HostShell, from: Host, to: Host): Promise<Check> {
  const uri = libvirtUriOf(to);
  // no_tty: ssh asks nobody for a password, but fails.
  const argv = ['timeout', String(VIRSH_SECONDS), 'virsh', '-q', '-c', `${uri}?no_tty=1`, 'version'];
  const { exitCode, stdout, stderr } = await shell.run(argv, { accept: [0, 1, 124, 127] });
  const ok = exitCode === 0;
  const version = /Running hypervisor: (.+)/.exec(stdout)?.[1] ?? 'it answers';
  const silent = exitCode === 124;
  const failure = silent ? `no answer within ${VIRSH_SECONDS} s` : (stderr.trim().split('\n').at(-1) ?? '');
  const mend = silent
    ? `is libvirtd on ${to.name} well, and its SSH port open to ${from.name}?`
    : `on ${from.name}, \`ssh\` to ${to.name} must work without a password, with its host key known`;
  return {
    name: `libvirt over SSH ${from.name} to ${to.name}`,
    ok,
    expected: `${uri} answers`,
    seen: ok ? version : failure,
    hint: ok ? '' : mend,
  };
}
