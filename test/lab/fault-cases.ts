/** Something that goes wrong on a machine of the lab while vxmig works. */
export interface Fault {
  readonly name: string;
  /** A host's part in the migration, or the router. */
  readonly at: 'source' | 'destination' | 'onlooker' | 'router' | 'server' | 'controller';
  /** For its shell, as root, where LAB stands for the lab's name; for the controller: the signal that it gets. */
  readonly script: string;
  /** What takes it away again, besides `lab up`. */
  readonly heal: string | null;
}

export interface FaultCase {
  readonly fault: Fault;
  readonly point: string;
}

const AT_HOSTS = ['source', 'destination', 'onlooker'] as const;

export const DAEMONS: readonly Fault[] = ['libvirtd', 'ovs-vswitchd', 'ovsdb-server', 'sshd'].flatMap((daemon) =>
  AT_HOSTS.map((at) => ({ name: `${daemon} dies`, at, script: `pkill -KILL -x ${daemon}`, heal: null })),
);

/** As where systemd looks after it. */
const BACK: readonly Fault[] = (['source', 'destination'] as const).map((at) => ({
  name: 'libvirtd dies and is back after 1 s',
  at,
  script: 'pkill -KILL -x libvirtd; (sleep 1; /usr/sbin/libvirtd --daemon) >/dev/null 2>&1 &',
  // Else `lab up` would start a second one beside it.
  heal: 'until timeout 5 virsh -q list >/dev/null 2>&1; do sleep 0.2; done',
}));

export const QEMU: readonly Fault[] = [
  { name: 'QEMU dies', at: 'destination', script: 'pkill -KILL -f ^/usr/bin/qemu-system', heal: null },
  { name: 'QEMU dies', at: 'source', script: 'pkill -KILL -f ^/usr/bin/qemu-system', heal: null },
];

const CUT = `nft 'add table ip cut; add chain ip cut c { type filter hook forward priority 0; policy drop; }'`;
const UNCUT = 'nft delete table ip cut';

export const UNDERLAY: readonly Fault[] = [
  {
    name: 'the underlay is cut for 1 s',
    at: 'router',
    script: `${CUT}; (sleep 1; ${UNCUT}) >/dev/null 2>&1 &`,
    heal: null,
  },
  { name: 'the underlay is cut for good', at: 'router', script: CUT, heal: `${UNCUT} || true` },
];

/** What the one libvirt asks of the other arrives, and is done; the answers do not come back. */
const UNHEARD: Fault = {
  name: "libvirt's answers do not reach the old host",
  at: 'destination',
  script:
    `peer=$(getent hosts host-a | cut -d' ' -f1) && nft "add table ip unheard; add chain ip unheard c { type ` +
    'filter hook output priority 0; }; add rule ip unheard c ip daddr $peer tcp sport 22 drop"',
  heal: 'nft delete table ip unheard',
};

/** The connection by which the guest is to be woken. */
const WAKER: Fault = {
  name: "the waker's connection dies",
  at: 'source',
  script: "pkill -KILL -f '^virsh -q -c qemu[+]ssh:'",
  heal: null,
};

const QEMU_PATH = '/usr/bin/qemu-system-x86_64';
const REFUSES =
  `printf '#!/bin/sh\\necho "unsupported machine type" >&2\\nexit 1\\n' >/tmp/qemu; chmod +x /tmp/qemu; mount ` +
  `--bind /tmp/qemu ${QEMU_PATH}`;
/** What libvirt and QEMU write at a VM's start is under /run and /var/lib/libvirt. */
const FULL =
  'mount -t tmpfs -o size=4k tmpfs /var/lib/libvirt/qemu; dd if=/dev/zero of=/var/lib/libvirt/qemu/full bs=4k ' +
  'count=1 2>/dev/null';

/** By HTTP from the onlooker's probe. */
const PANIC =
  `ip netns exec "$(ls /run/netns | grep ^pr-)" bash -c 'exec 3<>/dev/tcp/10.9.0.1/80; printf "GET ` +
  `/cgi-bin/panic HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'`;

/** What can go wrong with the VM itself, each where it does. */
const DESTINATIONS: readonly FaultCase[] = [
  ...['before reserve', 'after reserve'].flatMap((point) => [
    {
      point,
      fault: { name: 'QEMU refuses the VM', at: 'destination', script: REFUSES, heal: `umount ${QEMU_PATH}` },
    } as const,
    {
      point,
      fault: { name: 'the disk is full', at: 'destination', script: FULL, heal: 'umount /var/lib/libvirt/qemu' },
    } as const,
  ]),
  {
    point: 'RESUME',
    fault: { name: 'the guest panics on arrival, told to', at: 'onlooker', script: PANIC, heal: null },
  },
  {
    point: 'RESUME',
    fault: {
      name: 'the guest stands still on arrival',
      at: 'destination',
      script: 'virsh suspend web',
      heal: 'virsh resume web',
    },
  },
];

export const KILLED: Fault = { name: 'vxmig is killed', at: 'controller', script: 'SIGKILL', heal: null };

/** Where in a migration. */
export const MIGRATION_POINTS = [
  'before reserve',
  'after reserve',
  'copying',
  'armed',
  'STOP',
  'RESUME',
  'before verify',
  'before release',
];
/** Where in an apply. */
export const APPLY_POINTS = ['before network', 'after network', 'before VMs', 'after VMs'];

export const MIGRATION_FAULTS: readonly FaultCase[] = [
  ...[...DAEMONS, ...BACK, ...QEMU, ...UNDERLAY].flatMap((fault) =>
    MIGRATION_POINTS.map((point) => ({ fault, point })),
  ),
  ...['copying', 'armed', 'STOP', 'RESUME'].map((point) => ({ fault: UNHEARD, point })),
  ...['copying', 'armed', 'STOP'].map((point) => ({ fault: WAKER, point })),
  ...DESTINATIONS,
];

export const APPLY_FAULTS: readonly FaultCase[] = [KILLED, ...DAEMONS.filter(({ at }) => at !== 'onlooker')].flatMap(
  (fault) => APPLY_POINTS.map((point) => ({ fault, point })),
);

export function caseName({ fault, point }: FaultCase): string {
  return `${faultName(fault)}: ${point}`;
}

export function faultName({ name, at }: Pick<Fault, 'name' | 'at'>): string {
  return AT_HOSTS.some((host) => host === at) ? `${name} at the ${at}` : name;
}
