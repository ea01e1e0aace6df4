import type { HostShell } from '../host/connection.js';
import { type PortRange, portSilence } from '../host/migration-ports.js';
import { reaches } from '../host/reach.js';
import type { Check } from '../model/check.js';
import type { Host, Topology } from '../model/topology.js';
import { vtepOf } from '../plan/topology-parts.js';
import { libvirtUriOf } from './host-address.js';

const VIRSH_SECONDS = 25;

export interface Pair {
  readonly from: Host;
  readonly to: Host;
  /** Of `from`. */
  readonly shell: HostShell;
  /** From which libvirt on `to` takes one for each migration that comes. */
  readonly ports: PortRange;
}

/**
 * What one host must be able to do towards another one: send it full-size packets and, where there are VMs, its
 * libvirtd requests and a VM's memory.
 */
export async function pairChecks(topology: Topology, { shell, from, to, ports }: Pair): Promise<Check[]> {
  const forVms =
    topology.vms.length > 0 ? [migrationPorts(shell, from, to, ports), libvirtOverSsh(shell, from, to)] : [];
  return await Promise.all([pathMtu(topology, shell, from, to), ...forVms]);
}

async function pathMtu(topology: Topology, shell: HostShell, from: Host, to: Host): Promise<Check> {
  const mtu = Math.min(
    ...topology.underlay
      .filter(({ name }) => name === from.underlay || name === to.underlay)
      .map((segment) => segment.mtu),
  );
  const { ok, seen } = await reaches(shell, { address: vtepOf(to), fullSizeMtu: mtu });
  const hint = ok ? '' : 'fix the route or the MTU on the way; or set the segment’s `mtu:` to what it carries';
  return {
    name: `path MTU ${from.name} to ${to.name}`,
    ok,
    expected: `${vtepOf(to)} answers packets of ${mtu} bytes`,
    seen,
    hint,
  };
}

async function migrationPorts(shell: HostShell, from: Host, to: Host, { first, last }: PortRange): Promise<Check> {
  const ports = [first, last];
  const tries = ports.map(async (port) => {
    const silence = await portSilence(shell, vtepOf(to), port);
    return silence === null ? '' : `${port}: ${silence}`;
  });
  const unreached = (await Promise.all(tries)).filter((text) => text !== '');
  const ok = unreached.length === 0;
  return {
    name: `migration ports ${from.name} to ${to.name}`,
    ok,
    expected: `TCP ${ports.join(' and ')} of ${vtepOf(to)} can be reached`,
    seen: ok ? `TCP ${ports.join(' and ')} of ${vtepOf(to)} can be reached` : unreached.join('; '),
    hint: ok ? '' : `open TCP ${first} to ${last} in ${to.name}'s firewall`,
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
  const fix = silent
    ? `is libvirtd on ${to.name} well, and its SSH port open to ${from.name}?`
    : `on ${from.name}, \`ssh\` to ${to.name} must work without a password, with its host key known`;
  return {
    name: `libvirt over SSH ${from.name} to ${to.name}`,
    ok,
    expected: `${uri} answers`,
    seen: ok ? version : failure,
    hint: ok ? '' : fix,
  };
}
