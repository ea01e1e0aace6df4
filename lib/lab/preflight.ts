import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { VxmigError } from '../model/errors.js';
import type { LabWarning } from '../model/lab-event.js';
import type { Topology } from '../model/topology.js';
import { groupWarnings } from './control-groups.js';
import { ROUTER } from './lab-names.js';
import { checkStorageServers, storageServers } from './storage-servers.js';

const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Program → Debian package. */
type Programs = Readonly<Record<string, string>>;
const PROGRAMS: Programs = {
  'ovsdb-server': 'openvswitch-switch',
  'ovs-vswitchd': 'openvswitch-switch',
  'ovs-vsctl': 'openvswitch-switch',
  'ovsdb-tool': 'openvswitch-common',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  tini: 'tini',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  pivot_root: 'util-linux',
  tc: 'iproute2',
  fping: 'fping',
  ethtool: 'ethtool',
};
const VM_PROGRAMS: Programs = {
  libvirtd: 'libvirt-daemon-system',
  virtlogd: 'libvirt-daemon-system',
  virsh: 'libvirt-clients',
  'virt-admin': 'libvirt-clients',
  'qemu-system-x86_64': 'qemu-system-x86',
};

/** Of a storage server, and what speaks with it. */
const STORAGE_PROGRAMS: Programs = {
  'ganesha.nfsd': 'nfs-ganesha nfs-ganesha-vfs qemu-block-extra',
  rpcbind: 'rpcbind',
  rpcinfo: 'rpcbind',
};

/** QEMU's TCG before 10 corrupts guests that migrate under load. */
const SAFE_QEMU_MAJOR = 10;

/**
 * Looks whether a lab can be built here, before anything is made.
 * @throws VxmigError HOST_UNFIT with everything that is missing
 */
export async function checkMachine(topology: Topology): Promise<LabWarning[]> {
  checkTopology(topology);
  if (process.getuid?.() !== 0) {
    throw new VxmigError('HOST_UNFIT', 'Building a lab needs root.', { hint: 'Run it with sudo.' });
  }
  const hasVms = topology.vms.length > 0;
  const programs = {
    ...PROGRAMS,
    ...(hasVms ? VM_PROGRAMS : {}),
    ...(storageServers(topology).length > 0 ? STORAGE_PROGRAMS : {}),
  };
  const missing = await missingPrograms(programs);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => programs[program]))].join(' ');
    throw new VxmigError('HOST_UNFIT', `Programs are missing: ${missing.join(', ')}.`, {
      hint: `\`npm run setup\` installs them (or: apt-get install ${packages}).`,
    });
  }
  await checkNamespaces();
  await access('/dev/net/tun').catch(() => {
    throw new VxmigError(
      'HOST_UNFIT',
      'There is no /dev/net/tun: guests could not have NICs, nor switches ports of their own.',
      {
        hint: 'Load the module: `modprobe tun`.',
      },
    );
  });
  const warnings = await Promise.all([overlayWarnings(), groupWarnings(), hasVms ? qemuWarnings() : []]);
  return warnings.flat();
}

/** Why no lab can be built here, for tests that must then be skipped; null where one can. */
export async function whyNoLab(topology: Topology): Promise<string | null> {
  try {
    await checkMachine(topology);
    return null;
  } catch (error) {
    if (error instanceof VxmigError) return error.message;
    throw error;
  }
}

function checkTopology(topology: Topology): void {
  if (topology.lab === null) {
    throw new VxmigError('USAGE', `The hosts of "${topology.name}" are real machines: the file has no \`lab\` key.`, {
      hint: 'Write `lab: {}` into the file to have its hosts built on this machine.',
      where: topology.name,
    });
  }
  if (topology.hosts.some((host) => host.name === ROUTER)) {
    throw new VxmigError('TOPOLOGY_INVALID', `A host of a lab can't be called "${ROUTER}".`, {
      hint: `The namespace that joins the underlay segments has that name; rename the host.`,
      where: ROUTER,
    });
  }
  checkStorageServers(topology);
}

async function missingPrograms(programs: Programs): Promise<string[]> {
  const directories = [...SYSTEM_PATH, ...(process.env.PATH ?? '').split(delimiter)];
  const found = await Promise.all(Object.keys(programs).map((program) => isProgram(program, directories)));
  return Object.keys(programs).filter((_, index) => found[index] === false);
}

async function isProgram(program: string, directories: readonly string[]): Promise<boolean> {
  for (const directory of directories) {
    try {
      await access(join(directory, program), constants.X_OK);
      return true;
    } catch {
      // Not here; the next directory may have it.
    }
  }
  return false;
}

async function checkNamespaces(): Promise<void> {
  const flags = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--propagation', 'private'];
  const result = await execa('unshare', [...flags, 'mount', '-t', 'proc', 'proc', '/proc'], { reject: false });
  if (!result.failed) return;
  throw new VxmigError('HOST_UNFIT', `Namespaces can't be made here: ${result.stderr.trim()}`, {
    hint: 'In a container: run it with --privileged, or use a virtual machine.',
  });
}

/** Whether a machine's files can be shown without a way to write to them (machine-init.sh). */
async function overlayWarnings(): Promise<LabWarning[]> {
  const overlay = ['mount', '-t', 'overlay', '-o', 'ro,lowerdir=/usr/bin:/usr/lib', 'overlay', '/usr/lib'];
  const { failed, stderr } = await execa('unshare', ['--mount', '--propagation', 'private', ...overlay], {
    reject: false,
  });
  if (!failed) return [];
  return [
    {
      code: 'overlay-unavailable',
      message:
        "Root in a host of the lab can make this machine's /usr writable: it is a bind mount, because overlayfs " +
        `does not work here (${stderr.trim()}).`,
      hint: 'Load the module: `modprobe overlay`; until then let nobody into the lab who must not be root here.',
    },
  ];
}

async function qemuWarnings(): Promise<LabWarning[]> {
  const { stdout } = await execa('qemu-system-x86_64', ['--version']);
  const version = /version (\d+)(?:\.\d+)*/.exec(stdout);
  if (version === null || Number(version[1]) >= SAFE_QEMU_MAJOR) return [];
  return [
    {
      code: 'qemu-old',
      message:
        `QEMU ${version[0].slice(8)} is older than ${SAFE_QEMU_MAJOR}: its TCG was seen to corrupt guests that ` +
        'migrate under load.',
      hint: 'On Debian 12 install qemu-system-x86 from bookworm-backports.',
    },
  ];
}
