import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, VxmigError } from '../model/errors.js';
import { logDirectory } from './lab-directory.js';
import type { LabState } from './lab-state.js';
import { type Inside, runInside } from './run-inside.js';
import { allDone } from './settle.js';

const READY_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 5_000;
const RETRY_MS = 20;

export type DaemonName =
  | 'ovsdb-server'
  | 'ovs-vswitchd'
  | 'sshd'
  | 'virtlogd'
  | 'libvirtd'
  | 'rpcbind'
  | 'ganesha.nfsd';

export interface LabDaemon {
  readonly name: DaemonName;
  /** Must answer before this one is started. */
  readonly after: DaemonName | null;
  /** Only hosts of a lab with VMs have it. */
  readonly forVms?: true;
  /** Capabilities beyond those of the machine (capabilities.ts). */
  readonly keeps?: readonly string[];
  /** For sh(1) inside the host; puts itself into the background. */
  readonly start: string;
  /** Asks the daemon itself; what it prints is shown by `lab status`. */
  readonly ask: (target: DaemonTarget) => Promise<string>;
  /** Below the host's /var/log. */
  readonly log: string;
}

export interface DaemonTarget {
  readonly inside: Inside;
  readonly managementAddress: string;
}

export const asking =
  (...argv: string[]) =>
  ({ inside }: DaemonTarget): Promise<string> =>
    runInside(inside, argv, { timeoutMs: PROBE_TIMEOUT_MS });

const DAEMONS: readonly LabDaemon[] = [
  {
    name: 'ovsdb-server',
    after: null,
    start: `set -e
[ -e /etc/openvswitch/conf.db ] || ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server /etc/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock \\
  --remote=db:Open_vSwitch,Open_vSwitch,manager_options --pidfile --detach --no-chdir \\
  --log-file=/var/log/openvswitch/ovsdb-server.log -vconsole:off -vsyslog:off
ovs-vsctl --no-wait -- init -- set Open_vSwitch . \\
  ovs-version="$(ovs-vswitchd --version | sed -n 's/.* \\([0-9][0-9.]*\\).*/\\1/p;q')" \\
  external-ids:system-id="$(cat /etc/openvswitch/system-id.conf)" external-ids:hostname="$(cat /etc/hostname)"`,
    ask: asking('ovs-appctl', '-t', 'ovsdb-server', 'version'),
    log: 'openvswitch/ovsdb-server.log',
  },
  {
    name: 'ovs-vswitchd',
    after: 'ovsdb-server',
    // With the kernel's routes it would read all of them anew after each change of a device, and lose frames for the
    // tunnels meanwhile (route-table.c): whenever QEMU opens or closes a tap. So it gets its routes when the bridge for
    // the underlay is made.
    start: `exec ovs-vswitchd unix:/run/openvswitch/db.sock --pidfile --detach --no-chdir --disable-system-route \\
  --log-file=/var/log/openvswitch/ovs-vswitchd.log -vconsole:off -vsyslog:off`,
    ask: asking('ovs-appctl', '-t', 'ovs-vswitchd', 'version'),
    log: 'openvswitch/ovs-vswitchd.log',
  },
  {
    name: 'sshd',
    after: null,
    start: 'exec /usr/sbin/sshd -E /var/log/sshd.log',
    ask: readSshBanner,
    log: 'sshd.log',
  },
  {
    name: 'virtlogd',
    after: null,
    forVms: true,
    start: 'exec /usr/sbin/virtlogd --daemon',
    ask: asking('virt-admin', '--connect', 'virtlogd:///system', 'server-list'),
    log: 'libvirt/virtlogd.log',
  },
  {
    name: 'libvirtd',
    after: 'virtlogd',
    forVms: true,
    start: 'exec /usr/sbin/libvirtd --daemon',
    ask: asking('virsh', '--connect', 'qemu:///system', 'version', '--daemon'),
    log: 'libvirt/libvirtd.log',
  },
];

/** What each host of the lab runs: one that has never had VMs is a VTEP and nothing else. */
export function daemonsFor({ libvirt }: Pick<LabState, 'libvirt'>): readonly LabDaemon[] {
  return libvirt ? DAEMONS : DAEMONS.filter(({ forVms }) => forVms !== true);
}

export interface DaemonAnswer {
  readonly name: DaemonName;
  readonly answers: boolean;
  /** What it said, or why it did not. */
  readonly detail: string;
}

export async function observeDaemon(daemon: LabDaemon, target: DaemonTarget): Promise<DaemonAnswer> {
  try {
    return { name: daemon.name, answers: true, detail: (await daemon.ask(target)).trim() };
  } catch (error) {
    return { name: daemon.name, answers: false, detail: messageOf(error) };
  }
}

/**
 * Starts those of `daemons` that are not in `running`, each as soon as the one that it needs answers.
 * @throws VxmigError LAB, naming the daemon's log
 */
export async function startDaemons(
  daemons: readonly LabDaemon[],
  target: DaemonTarget,
  running: ReadonlySet<DaemonName>,
  started: (daemon: DaemonName, durationMs: number) => void,
): Promise<void> {
  const chains = daemons.filter((daemon) => daemon.after === null);
  await allDone(chains.map((first) => startChain(first)));

  async function startChain(daemon: LabDaemon): Promise<void> {
    if (!running.has(daemon.name)) {
      const since = performance.now();
      await startDaemon(daemon, target);
      started(daemon.name, Math.round(performance.now() - since));
    }
    const next = daemons.filter((candidate) => candidate.after === daemon.name);
    await allDone(next.map((candidate) => startChain(candidate)));
  }
}

async function startDaemon(daemon: LabDaemon, target: DaemonTarget): Promise<void> {
  const { lab, machine } = target.inside;
  const log = `${logDirectory(lab, machine)}/${daemon.log}`;
  try {
    await runInside(target.inside, ['sh', '-c', daemon.start], {
      timeoutMs: READY_TIMEOUT_MS,
      keeps: daemon.keeps ?? [],
    });
  } catch (error) {
    throw new VxmigError('LAB', `${daemon.name} on ${machine} did not start: ${messageOf(error)}`, {
      hint: `Read ${log}, then \`vxmig lab down ${lab}\` and try again.`,
      where: machine,
      cause: error,
    });
  }
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await observeDaemon(daemon, target);
    if (answer.answers) return;
    if (Date.now() > deadline) {
      throw new VxmigError('LAB', `${daemon.name} on ${machine} does not answer: ${answer.detail}`, {
        hint: `Read ${log}, then \`vxmig lab down ${lab}\` and try again.`,
        where: machine,
      });
    }
    await sleep(RETRY_MS);
  }
}

/** RFC 4253 §4.2: the server speaks first. */
function readSshBanner({ managementAddress }: DaemonTarget): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: managementAddress, port: 22, timeout: PROBE_TIMEOUT_MS });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`no answer from port 22 within ${PROBE_TIMEOUT_MS} ms`)));
    socket.once('end', () => fail(new Error('sshd closed the connection without a word')));
    socket.once('data', (chunk) => {
      socket.destroy();
      const banner = chunk.toString('latin1').trim();
      if (banner.startsWith('SSH-2.0')) resolve(banner);
      else reject(new Error(`not an SSH server: ${banner.slice(0, 80)}`));
    });
  });
}
