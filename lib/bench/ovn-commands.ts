import type { Command } from '../model/command.js';
import type { Datapath } from '../model/topology.js';
import type { LogicalPort, OvnHostParts } from './ovn-topology.js';

/*
 * OVN as its own documents have it (ovn-northd(8), ovn-controller(8), ovn-nb(5)), with everything that it keeps below
 * /run/ovn, which is a lab host's own and goes with it.
 */

const RUN = '/run/ovn';
const LOG = '/var/log/openvswitch';
const NB_PORT = 6641;
const SB_PORT = 6642;
const NB = `unix:${RUN}/ovnnb_db.sock`;
const SB = `unix:${RUN}/ovnsb_db.sock`;
const BRIDGE = 'br-int';
const DAEMONS = ['ovn-controller', 'ovn-northd', 'ovnnb', 'ovnsb'];
/** Seconds that ovn-nbctl and its kin wait for an answer; a lab answers in some milliseconds. */
const TIMEOUT = '--timeout=20';

/** What OVN needs of the machine, with the package that brings it. */
export const OVN_PROGRAMS = ['ovn-northd', 'ovn-nbctl', 'ovn-sbctl', 'ovn-controller'] as const;

export function nbctl(...args: readonly string[]): string[] {
  return ['ovn-nbctl', `--db=${NB}`, TIMEOUT, ...args];
}

export function sbctl(...args: readonly string[]): string[] {
  return ['ovn-sbctl', `--db=${SB}`, TIMEOUT, ...args];
}

/** Both databases and ovn-northd. */
export function startCentral(): Command[] {
  const database = (name: 'ovnnb' | 'ovnsb', schema: string, port: number): Command[] => [
    { argv: ['ovsdb-tool', 'create', `${RUN}/${name}.db`, `/usr/share/ovn/${schema}.ovsschema`] },
    {
      argv: daemon('ovsdb-server', name).concat(
        `--remote=punix:${RUN}/${name}_db.sock`,
        `--remote=ptcp:${port}:0.0.0.0`,
        `${RUN}/${name}.db`,
      ),
    },
  ];
  return [
    { argv: ['mkdir', '-p', RUN] },
    ...database('ovnnb', 'ovn-nb', NB_PORT),
    ...database('ovnsb', 'ovn-sb', SB_PORT),
    { argv: nbctl('init') },
    { argv: sbctl('init') },
    { argv: daemon('ovn-northd', 'ovn-northd').concat(`--ovnnb-db=${NB}`, `--ovnsb-db=${SB}`) },
  ];
}

/** Geneve, which is what OVN uses unless told otherwise. */
export function startController(parts: OvnHostParts, centralAddress: string, datapath: Datapath): Command[] {
  const central = centralAddress.includes(':') ? `[${centralAddress}]` : centralAddress;
  const settings = [
    `ovn-remote=tcp:${central}:${SB_PORT}`,
    'ovn-encap-type=geneve',
    `ovn-encap-ip=${parts.encapAddress}`,
    `ovn-bridge=${BRIDGE}`,
    `ovn-bridge-datapath-type=${datapath}`,
  ];
  return [
    { argv: ['mkdir', '-p', RUN] },
    {
      argv: [
        ...['ovs-vsctl', 'add-br', BRIDGE],
        ...['--', 'set', 'bridge', BRIDGE, `datapath_type=${datapath}`, 'fail_mode=secure'],
        ...[
          '--',
          'set',
          'open_vswitch',
          '.',
          ...settings.map((setting) => `external_ids:${setting.replace('=', '="')}"`),
        ],
      ],
    },
    { argv: daemon('ovn-controller', 'ovn-controller').concat('unix:/run/openvswitch/db.sock') },
    ...parts.probes.flatMap((probe): Command[] => {
      const inside = ['ip', '-n', probe.namespace];
      return [
        { argv: [...addPort(probe.port), 'type=internal'] },
        { argv: ['ip', 'netns', 'add', probe.namespace] },
        { argv: ['ip', 'link', 'set', 'dev', probe.name, 'netns', probe.namespace] },
        { argv: [...inside, 'link', 'set', 'dev', probe.name, 'address', probe.mac, 'mtu', String(probe.mtu)] },
        { argv: ['ip', 'netns', 'exec', probe.namespace, 'ethtool', '-K', probe.name, 'tx', 'off'] },
        ...probe.addresses.map((address) => ({
          argv: [...inside, 'address', 'add', address, 'dev', probe.name, ...(address.includes(':') ? ['nodad'] : [])],
        })),
        { argv: [...inside, 'link', 'set', 'dev', probe.name, 'up'] },
      ];
    }),
  ];
}

/** The logical switches with all ports. */
export function makeLogicalNetwork(ports: readonly LogicalPort[]): Command[] {
  const switches = [...new Set(ports.map((port) => port.logicalSwitch))];
  const words = [
    ...switches.flatMap((name) => ['--', 'ls-add', name]),
    ...ports.flatMap(({ name, logicalSwitch, mac, addresses }) => [
      ...['--', 'lsp-add', logicalSwitch, name],
      ...['--', 'lsp-set-addresses', name, [mac, ...addresses].join(' ')],
    ]),
  ];
  return [{ argv: nbctl(...words.slice(1)) }];
}

/** The VM's taps, before it begins there or comes there. */
export function makeTaps(ports: readonly LogicalPort[]): Command[] {
  return ports.flatMap((port): Command[] => [
    { argv: ['ip', 'tuntap', 'add', 'dev', port.device, 'mode', 'tap'] },
    { argv: ['ip', 'link', 'set', 'dev', port.device, 'addrgenmode', 'none', 'mtu', String(port.mtu), 'up'] },
    { argv: addPort(port) },
  ]);
}

export function removeTaps(ports: readonly LogicalPort[]): Command[] {
  return ports.flatMap((port): Command[] => [
    { argv: ['ovs-vsctl', '--if-exists', 'del-port', BRIDGE, port.device] },
    {
      argv: ['sh', '-c', `ip link delete dev "$0" 2>/dev/null || ! ip link show dev "$0" >/dev/null 2>&1`, port.device],
    },
  ]);
}

/**
 * What a migration needs of OVN (ovn-nb(5), "requested-chassis" and "activation-strategy"): both chassis may have the
 * port, and the new one is mute until the VM announces itself there.
 */
export function bindToBoth(port: string, from: string, to: string): string[][] {
  const options = [`requested-chassis=${from},${to}`, 'activation-strategy=rarp'];
  return [
    nbctl('--wait=hv', 'lsp-set-options', port, ...options),
    sbctl('wait-until', 'Port_Binding', port, 'additional_chassis!=[]'),
  ];
}

export function bindToOne(port: string, host: string): string[] {
  return nbctl('lsp-set-options', port, `requested-chassis=${host}`);
}

/** The chassis has the flows of the interface. */
export function awaitInstalled(port: LogicalPort): string[] {
  return ['ovs-vsctl', TIMEOUT, 'wait-until', 'interface', port.device, 'external_ids:ovn-installed="true"'];
}

/** Everything that the above has made on a host; no fault where it is not there. */
export function removeOvn(parts: OvnHostParts): Command[] {
  const pidFiles = DAEMONS.map((name) => `${RUN}/${name}.pid`);
  const kill = 'for file; do [ ! -s "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true; done';
  const keys = ['ovn-remote', 'ovn-encap-type', 'ovn-encap-ip', 'ovn-bridge', 'ovn-bridge-datapath-type'];
  return [
    { argv: ['sh', '-c', kill, 'sh', ...pidFiles] },
    {
      argv: [
        'ovs-vsctl',
        '--if-exists',
        'del-br',
        BRIDGE,
        ...keys.flatMap((key) => ['--', 'remove', 'open_vswitch', '.', 'external_ids', key]),
      ],
    },
    ...parts.probes.map(({ namespace }) => ({
      argv: ['sh', '-c', '[ ! -e "/run/netns/$0" ] || ip netns delete "$0"', namespace],
    })),
    { argv: ['rm', '-rf', RUN] },
  ];
}

function addPort(port: LogicalPort): string[] {
  const ids = [`external_ids:iface-id="${port.name}"`, `external_ids:attached-mac="${port.mac}"`];
  return ['ovs-vsctl', 'add-port', BRIDGE, port.device, '--', 'set', 'interface', port.device, ...ids];
}

function daemon(program: string, name: string): string[] {
  return [
    program,
    '--detach',
    '--no-chdir',
    `--pidfile=${RUN}/${name}.pid`,
    `--log-file=${LOG}/${name}.log`,
    '-vconsole:off',
    '-vsyslog:off',
  ];
}
