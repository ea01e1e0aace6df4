import { readdir, readFile, readlink } from 'node:fs/promises';
import { execa } from 'execa';
import { rootDevicePrefix } from '../../lib/lab/lab-names.js';
import { findMachine } from '../../lib/lab/machine.js';
import { tapName } from '../../lib/model/names.js';
import type { TestLab } from './harness.js';
import { linkNames, tracesOf } from './traces.js';

/** Commands whose output tells whether somebody has been on a host. */
const SIGHTS = [
  'ovs-vsctl show',
  'ovs-vsctl get open_vswitch . external_ids other_config',
  // No counters, no ages: what is left must be the same.
  'ip -brief link | cut -d" " -f1',
  'ip -oneline link show dev eth0 | sed "s/promiscuity [0-9]*//"',
  'ip -brief address',
  'ip -4 route; ip -6 route',
  'ip netns list',
  'nft list ruleset',
  'virsh list --all',
  'ls /etc/libvirt/qemu /var/lib/libvirt/qemu',
];

/** Each host as it can be seen with its own tools: host → what was asked → sorted lines. */
export async function sightOf(lab: TestLab): Promise<Record<string, Record<string, string[]>>> {
  const hosts = lab.topology.hosts.map(async ({ name }) => {
    const sights = await Promise.all(
      SIGHTS.map(async (command) => [command, (await lab.shell(name, command)).split('\n').sort()] as const),
    );
    return [name, Object.fromEntries(sights)] as const;
  });
  return Object.fromEntries(await Promise.all(hosts));
}

/** What each host holds of VMs: domains with their state, taps, and ports for them. */
export async function holdings(lab: TestLab): Promise<Record<string, readonly string[]>> {
  const script = [
    'for vm in $(virsh list --all --name); do echo "domain $vm $(virsh domstate "$vm" | head -n 1)"; done',
    'ip -brief link | sed -n "s/^\\(tap-[^ ]*\\).*/device \\1/p"',
    'for bridge in $(ovs-vsctl list-br); do ovs-vsctl list-ports "$bridge"; done | sed -n "s/^\\(tap-.*\\)/port \\1/p"',
  ].join('\n');
  const hosts = lab.topology.hosts.map(async ({ name }) => {
    const lines = (await lab.shell(name, script)).split('\n').filter((line) => line !== '');
    return [name, lines.sort()] as const;
  });
  return Object.fromEntries(await Promise.all(hosts));
}

/** What `holdings` must be when each VM (name → host) runs once, and nothing of it is anywhere else. */
export function holding(lab: TestLab, places: Readonly<Record<string, string>>): Record<string, readonly string[]> {
  return Object.fromEntries(
    lab.topology.hosts.map(({ name }) => {
      const vms = Object.entries(places).flatMap(([vm, host]) => (host === name ? [vm] : []));
      const lines = vms.flatMap((vm) => {
        const tap = tapName(lab.name, vm, 0);
        return [`device ${tap}`, `domain ${vm} running`, `port ${tap}`];
      });
      return [name, lines.sort()];
    }),
  );
}

/** What of vxmig's own runs on the hosts: `HOST: COMMAND LINE`. */
export async function helpersOf(lab: TestLab): Promise<string[]> {
  const lists = lab.topology.hosts.map(async ({ name }) => {
    const lines = (await lab.on(name, 'ps', '-eo', 'args')).split('\n');
    return lines.filter((line) => /^(virsh|ovs-ofctl|fping|bash|sh) /.test(line)).map((line) => `${name}: ${line}`);
  });
  return (await Promise.all(lists)).flat();
}

/** Who says that he has the host's lock; empty: nobody. */
export async function lockHolder(lab: TestLab, host: string): Promise<string> {
  const key = 'external_ids:vxmig-lock-holder';
  return (await lab.on(host, 'ovs-vsctl', '--if-exists', 'get', 'Open_vSwitch', '.', key)).trim();
}

export interface LabTraces {
  /** What of the lab is on the machine now. */
  left(): Promise<string[]>;
}

/** Remembers the processes in the lab's namespaces, so that one that outlives it is found whatever it is called. */
export async function watchTraces(lab: TestLab): Promise<LabTraces> {
  const namespaces = new Set<string>();
  for (const machine of [...lab.topology.hosts.map((host) => host.name), 'router']) {
    const { pid } = await findMachine(lab.name, machine);
    for (const kind of ['mnt', 'net', 'pid', 'uts', 'ipc']) {
      const own = await readlink(`/proc/${pid}/ns/${kind}`);
      if (own !== (await readlink(`/proc/self/ns/${kind}`))) namespaces.add(own);
    }
  }
  const members = await processesIn(namespaces);
  return {
    left: async () => [
      ...(await tracesOf(lab.name, new Set())),
      ...(await linkNames())
        .filter((name) => name.startsWith(rootDevicePrefix(lab.name)))
        .map((name) => `link ${name}`),
      ...(await aliveOf(members)),
      ...(await execa('ip', ['netns', 'list'])).stdout.split('\n').filter((name) => name.includes(lab.name)),
    ],
  };
}

async function processesIn(namespaces: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const kind of ['mnt', 'net', 'pid', 'uts', 'ipc']) {
      const own = await readlink(`/proc/${pid}/ns/${kind}`).catch(() => '');
      if (namespaces.has(own)) found.set(pid, await birthOf(pid));
    }
  }
  return found;
}

/** Those that are still the same processes: numbers of processes, and of namespaces, are given anew to others' labs. */
async function aliveOf(members: ReadonlyMap<string, string>): Promise<string[]> {
  const births = [...members].map(async ([pid, birth]) =>
    birth !== '' && (await birthOf(pid)) === birth ? [pid] : [],
  );
  return (await Promise.all(births)).flat().map((pid) => `process ${pid}`);
}

/**
 * When the process was started, by proc(5); empty for one that is gone. A zombie is gone too: its parent need only
 * wait().
 */
async function birthOf(pid: string): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? '' : (fields[18] ?? '');
}
