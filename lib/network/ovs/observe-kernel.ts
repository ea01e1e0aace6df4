import type { HostShell } from '../../host/connection.js';
import { LIBVIRT_SOCKETS } from '../../host/libvirt-sockets.js';
import { VxmigError } from '../../model/errors.js';
import type { ObservedLink, ObservedNamespace, ObservedRoute, SwitchRoutes } from '../../model/kernel-state.js';
import type { Flow } from '../../openflow/flow.js';
import { DUMP_OPTIONS, OFCTL_TIMED_OUT } from '../../openflow/text.js';
import { readFlows } from './openflow.js';

/** What the host's kernel has configured, and its switch of flows, read in one go. */
export interface KernelState {
  readonly links: readonly ObservedLink[];
  readonly routes: readonly ObservedRoute[];
  /** ovs-vswitchd is there: without it nothing is known of flows, and of the switch's own routes. */
  readonly switchAnswers: boolean;
  readonly switchRoutes: SwitchRoutes;
  readonly namespaces: readonly ObservedNamespace[];
  readonly nftTables: readonly string[];
  readonly kernelDatapath: boolean;
  readonly kvm: boolean;
  readonly sshAddress: string | null;
  /**
   * Files by which libvirt shows that it is there, or keeps a domain; none: the host has no libvirt, or one that has
   * never had a domain and is down.
   */
  readonly libvirtFiles: readonly string[];
  /** Domains whose QEMU is younger than {@link LATELY_SECONDS}. */
  readonly startedLately: readonly string[];
  /** Media of the topology's guests: path → what it was made of, empty of one that was not finished. */
  readonly seeds: Readonly<Record<string, string>>;
  /** vxmig has mounted storage for the topology. */
  readonly hasMounts: boolean;
  /** Of the bridges that were asked about, where they exist. */
  readonly flows: ReadonlyMap<string, readonly Flow[]>;
}

/**
 * Its sockets; definitions, and the state of domains that run (configDir and stateDir of libvirt's
 * src/qemu/qemu_conf.c).
 */
const LIBVIRT_FILES = [...LIBVIRT_SOCKETS, '/etc/libvirt/qemu/*.xml', '/run/libvirt/qemu/*.xml'];

/** Longer than a guest takes to boot. */
const LATELY_SECONDS = 60;

/**
 * One shell for everything: a session per question would cost more than all the questions. The text is constant;
 * nothing from a topology is in it; its arguments are the directory of its guests' media, and bridges. Sections are
 * parted by lines that none of the tools prints.
 */
const SCRIPT = `
section() { printf '\\n=== %s\\n' "$1"; }
section media
for path in "$1"/*.iso; do
  [ -e "$path" ] && echo "$(head -c 64 -- "$path.digest" 2>/dev/null) $path"
done
section mounts; [ -d "/run/vxmig/mounts/\${1##*/}" ] && echo yes
shift
section ssh; echo "\${SSH_CONNECTION:-}"
section datapath; [ -d /sys/module/openvswitch ] && echo yes
section kvm; [ -w /dev/kvm ] && echo yes
section libvirt
for path in ${LIBVIRT_FILES.join(' ')}; do [ -e "$path" ] && echo "$path"; done
section lately
for path in /run/libvirt/qemu/*.pid; do
  [ -e "$path" ] || continue
  find /run/libvirt/qemu -maxdepth 1 -name '*.pid' -newermt '${LATELY_SECONDS} seconds ago' 2>/dev/null
  break
done
section links; ip -j -d address show
section routes4; ip -j -4 route show
section routes6; ip -j -6 route show
section nft; nft list tables netdev 2>/dev/null
section switch; [ -d /sys/module/openvswitch ] && show=version || show=ovs/route/show
ovs-appctl --timeout=10 -t ovs-vswitchd "$show" 2>/dev/null
for path in /run/netns/pr-*; do
  [ -e "$path" ] || continue
  name=\${path##*/}
  section "netns $name"; ip -n "$name" -j -d address show
done
for bridge; do
  [ -S "/var/run/openvswitch/$bridge.mgmt" ] || continue
  section "flows $bridge"; ovs-ofctl ${DUMP_OPTIONS.join(' ')} dump-flows "$bridge" 2>/dev/null
  if [ $? -eq ${OFCTL_TIMED_OUT} ]; then section mute; break; fi
done
exit 0
`;

/** @throws CommandError, VxmigError SSH_CONNECT */
export async function observeKernel(shell: HostShell, media: string, bridges: readonly string[]): Promise<KernelState> {
  const { stdout } = await shell.run(['sh', '-s', '--', media, ...bridges], { stdin: SCRIPT });
  const sections = splitSections(stdout);
  if (!sections.has('links')) {
    const message = `a shell on ${shell.name} was asked to print what is configured there, and printed something else`;
    const hint = 'Try `ssh` to it: what its shell prints at login, or runs in place of a command, must go.';
    throw new VxmigError('HOST_UNFIT', message, { where: shell.name, hint });
  }
  const text = (name: string) => sections.get(name)?.trim() ?? '';
  const flows = new Map(
    [...sections].flatMap(([name, body]) =>
      name.startsWith('flows ') ? [[name.slice('flows '.length), readFlows(shell.name, body)]] : [],
    ),
  );
  try {
    return {
      links: parseLinks(text('links')),
      routes: [...parseRoutes(text('routes4'), 4), ...parseRoutes(text('routes6'), 6)],
      switchAnswers: text('switch') !== '' && !sections.has('mute'),
      switchRoutes: parseSwitchRoutes(text('switch')),
      namespaces: [...sections]
        .filter(([name]) => name.startsWith('netns '))
        .map(([name, body]) => parseNamespace(name.slice(6), body)),
      nftTables: [...text('nft').matchAll(/^table netdev (\S+)/gm)].map((match) => match[1] ?? ''),
      kernelDatapath: text('datapath') === 'yes',
      kvm: text('kvm') === 'yes',
      // SSH_CONNECTION: client address, client port, server address, server port (ssh(1)).
      libvirtFiles: text('libvirt') === '' ? [] : text('libvirt').split('\n'),
      // QEMU writes one as it starts: stateDir/NAME.pid (virPidFileBuildPath in libvirt's src/util/virpidfile.c).
      startedLately: [...text('lately').matchAll(/([^/\n]+)\.pid$/gm)].map((match) => match[1] ?? ''),
      seeds: Object.fromEntries([...text('media').matchAll(/^([0-9a-f]*) (.+)$/gm)].map(([, of, path]) => [path, of])),
      hasMounts: text('mounts') === 'yes',
      sshAddress: text('ssh').split(' ')[2] ?? null,
      flows,
    };
  } catch (cause) {
    throw new VxmigError('HOST_UNFIT', `ip on ${shell.name} does not print the JSON that is expected of iproute2`, {
      where: shell.name,
      cause,
    });
  }
}

function splitSections(text: string): Map<string, string> {
  const parts = text.split(/^=== (.+)$/m);
  const sections = new Map<string, string>();
  for (let index = 1; index < parts.length; index += 2) sections.set(parts[index] ?? '', parts[index + 1] ?? '');
  return sections;
}

/** The part of `ip -j -d address show` that is read here. */
interface IpLink {
  readonly ifname?: string;
  readonly address?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly ifalias?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    /** `port`: of those that end tunnels over UDP, and of no others. */
    readonly info_data?: { readonly multi_queue?: boolean; readonly port?: number; readonly external?: boolean };
  };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope?: string }[];
}

function parseLinks(json: string): ObservedLink[] {
  return (JSON.parse(json || '[]') as IpLink[])
    .filter((link) => link.ifname !== undefined)
    .map((link) => ({
      name: link.ifname ?? '',
      mac: link.address ?? '',
      mtu: link.mtu ?? 0,
      up: link.flags?.includes('UP') ?? false,
      kind: link.linkinfo?.info_kind ?? null,
      alias: link.ifalias ?? null,
      ...settingsOf(link),
      addresses: (link.addr_info ?? [])
        .filter((entry) => entry.scope !== 'link')
        .map((entry) => `${entry.local ?? ''}/${entry.prefixlen ?? 0}`),
    }));
}

function settingsOf({ linkinfo }: IpLink): Pick<ObservedLink, 'multiQueue' | 'udpPort' | 'external'> {
  const { multi_queue: multiQueue = false, port, external = false } = linkinfo?.info_data ?? {};
  return {
    ...(multiQueue ? { multiQueue } : {}),
    ...(port === undefined ? {} : { udpPort: port }),
    ...(external ? { external } : {}),
  };
}

interface IpRoute {
  readonly dst?: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly protocol?: string;
  readonly metric?: number;
}

function parseRoutes(json: string, family: 4 | 6): ObservedRoute[] {
  return (JSON.parse(json || '[]') as IpRoute[])
    .filter((route) => route.dev !== undefined)
    .map((route) => ({
      destination: route.dst ?? 'default',
      gateway: route.gateway ?? null,
      device: route.dev ?? '',
      family,
      protocol: route.protocol ?? null,
      metric: route.metric ?? null,
    }));
}

/** With the kernel's datapath, and without ovs-vswitchd, nothing is known of routes of its own. */
export function parseSwitchRoutes(text: string): SwitchRoutes {
  const added = [...text.matchAll(/^User: (\S+) dev (\S+)(?: GW (\S+))?/gm)].map(
    ([, destination = '', device = '', gateway = null]) => ({ destination, device, gateway }),
  );
  return { followKernel: !text.startsWith('Route Table:') || /^Cached: /m.test(text), added };
}

function parseNamespace(name: string, json: string): ObservedNamespace {
  const links = parseLinks(json.trim());
  const mark = links.find((link) => link.name === 'lo')?.alias ?? null;
  return { name, topology: mark?.startsWith('vxmig:') ? mark.slice('vxmig:'.length) : null, links };
}
