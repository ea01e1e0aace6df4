import { CommandError, VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { HostShell } from './connection.js';

/** Who we are on a host, and which machine it is. */
export interface Machine {
  readonly user: string;
  readonly isRoot: boolean;
  /**
   * The same for two connections to one machine, and for no others: its boot (proc_sys_kernel(5), boot_id), and the
   * network that it has of it.
   */
  readonly id: string;
}

const SCRIPT = 'id -u; id -un; cat /proc/sys/kernel/random/boot_id; readlink /proc/self/ns/net';

/** null: its shell answers otherwise. @throws VxmigError SSH_CONNECT */
export async function observeMachine(shell: HostShell): Promise<Machine | null> {
  const { stdout } = await shell.run(['sh', '-c', SCRIPT]).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    return { stdout: '' };
  });
  const [, uid, user = '', boot, network] = /(?:^|\n)(\d+)\n(\S+)\n([0-9a-f-]{36})\n(\S+)\n?$/.exec(stdout) ?? [];
  return uid === undefined ? null : { user, isRoot: uid === '0', id: `${boot} ${network}` };
}

/** Bridges, devices, namespaces and the sockets of both daemons are root's: nothing of the rest would work. */
export function notRoot(host: string, user: string): VxmigError {
  const copy = shellLine(['sudo', 'cp', `/home/${user}/.ssh/authorized_keys`, '/root/.ssh/']);
  return new VxmigError('HOST_UNFIT', `vxmig needs root on ${host}, and is ${user} there; it does not use sudo`, {
    where: host,
    hint:
      `Log in as root: leave \`user:\` out, or write \`user: root\` under \`ssh\` of ${host}. So that root is ` +
      `let in there: \`sudo install -d -m 700 /root/.ssh && ${copy}\`, ` +
      'and `PermitRootLogin prohibit-password` in its /etc/ssh/sshd_config.',
  });
}

/**
 * @throws VxmigError TOPOLOGY_INVALID where two hosts are one machine: it would wait for itself, and be its own far end
 */
export function refuseOneTwice(machines: readonly { readonly host: string; readonly machine: Machine | null }[]): void {
  const owners = new Map<string, string>();
  for (const { host, machine } of machines) {
    if (machine === null) continue;
    const owner = owners.get(machine.id);
    if (owner !== undefined) {
      throw new VxmigError(
        'TOPOLOGY_INVALID',
        `${owner} and ${host} are one machine: both are reached at the same one`,
        {
          where: `${owner}, ${host}`,
          hint:
            'Give each its own `ssh.address` in the topology (and `HostName` in ~/.ssh/config), or take ' +
            'one of them out.',
        },
      );
    }
    owners.set(machine.id, host);
  }
}
