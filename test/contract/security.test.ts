import t from 'tap';
import { announceFrames } from '../../lib/frames/announce.js';
import { gratuitousArp, rarpAnnouncement } from '../../lib/frames/arp.js';
import { BROADCAST, ethernet, ipBytes, macBytes, toHex, u16 } from '../../lib/frames/frame.js';
import { neighbourAdvertisement } from '../../lib/frames/neighbour-advertisement.js';
import { linkLocalOf } from '../../lib/model/address.js';
import { flowKey } from '../../lib/openflow/flow.js';
import { OPENFLOW_VERSION, parseCountedFlows, renderFlow } from '../../lib/openflow/text.js';
import { detailOf } from '../../lib/pipeline/cookie.js';
import { type DropReason, dropReasonOf } from '../../lib/pipeline/drop-reason.js';
import { bridgeFlows } from '../../lib/pipeline/flows.js';
import { tableNumber } from '../../lib/pipeline/tables.js';
import { portSecurity } from '../../lib/plan/port-security.js';
import { OvsSandbox, whyNoSwitch } from './ovs-sandbox.js';

/** Real frames into a real switch: what it reads in them is what port security stands on. */
const BRIDGE = 'guarded';
const PORT = 201;
const NIC = {
  network: 'blue',
  mac: '52:54:00:09:00:01',
  addresses: ['10.9.0.1/24', 'fd00:9::1/64'],
  allow: { any: false, macs: [], prefixes: [], dhcpServer: false, routerAdvertisements: false, vlan: false },
};
const VICTIM = { mac: '52:54:00:09:00:02', ipv4: '10.9.0.2', ipv6: 'fd00:9::2' };
const VTEP = '198.18.2.10';
const [UDP, GRE, ICMP6] = [17, 47, 58];
/** Of VXLAN, and as others have theirs: GRE by its protocol, Geneve by another port. */
const CARRIERS = [
  { kind: 'udp', port: 4789 },
  { kind: 'ip', protocol: GRE },
  { kind: 'udp', port: 6081 },
] as const;

const ovs = new OvsSandbox();
t.teardown(() => ovs.destroy());

function ipv4(from: string, to: string, [source, port]: readonly [number, number]): Uint8Array {
  const header = [0x45, 0, ...u16(28), 0, 0, 0, 0, 64, UDP, 0, 0, ...ipBytes(from, 4), ...ipBytes(to, 4)];
  const payload = [...header, ...u16(source), ...u16(port), ...u16(8), 0, 0];
  return ethernet({ to: BROADCAST, from: NIC.mac, etherType: 0x0800, payload });
}

/** Options: type, and the MAC in it (RFC 4861 §4.6.1). */
function icmp6(
  from: string,
  [type, target]: readonly [number, string],
  options: readonly [number, string][],
): Uint8Array {
  const message = [type, 0, 0, 0, 0, 0, 0, 0, ...ipBytes(target, 6)];
  const all = [...message, ...options.flatMap(([kind, mac]) => [kind, 1, ...macBytes(mac)])];
  const header = [0x60, 0, 0, 0, ...u16(all.length), ICMP6, 255, ...ipBytes(from, 6), ...ipBytes('ff02::1', 6)];
  return ethernet({ to: '33:33:00:00:00:01', from: NIC.mac, etherType: 0x86dd, payload: [...header, ...all] });
}

function tagged(frame: Uint8Array): Uint8Array {
  return Uint8Array.from([...frame.slice(0, 12), ...u16(0x8100), ...u16(7), ...frame.slice(12)]);
}

/** An IPv4 packet said to hold something else. */
const ofProtocol = (frame: Uint8Array, protocol: number) =>
  Uint8Array.from([...frame.slice(0, 23), protocol, ...frame.slice(24)]);

const withSource = (frame: Uint8Array, mac: string) =>
  Uint8Array.from([...frame.slice(0, 6), ...macBytes(mac), ...frame.slice(12)]);

const LINK_LOCAL = linkLocalOf(NIC.mac);
const [NS, NA, RA] = [135, 136, 134];
const [SOURCE_OPTION, TARGET_OPTION] = [1, 2];

const CASES: readonly (readonly [what: string, frame: Uint8Array, reason: DropReason | null])[] = [
  ...announceFrames(NIC).map(({ kind, frame }) => [`its own announcement: ${kind}`, frame, null] as const),
  ['a packet of its own', ipv4('10.9.0.1', '10.9.0.2', [1000, 80]), null],
  ['DHCP before it has an address', ipv4('0.0.0.0', '255.255.255.255', [68, 67]), null],
  ['duplicate address detection', icmp6('::', [NS, 'fd00:9::1'], []), null],
  ['a solicitation', icmp6('fd00:9::1', [NS, VICTIM.ipv6], [[SOURCE_OPTION, NIC.mac]]), null],
  ['a solicited advertisement without option', icmp6('fd00:9::1', [NA, 'fd00:9::1'], []), null],
  [
    'an advertisement for its link-local address',
    icmp6(LINK_LOCAL, [NA, LINK_LOCAL], [[TARGET_OPTION, NIC.mac]]),
    null,
  ],

  ['RARP of the victim', rarpAnnouncement(VICTIM.mac), 'mac'],
  ['RARP for the victim from its own MAC', withSource(rarpAnnouncement(VICTIM.mac), NIC.mac), 'rarp'],
  ['gratuitous ARP for the victim’s address', gratuitousArp(NIC.mac, VICTIM.ipv4), 'arp'],
  ['the same as a reply', gratuitousArp(NIC.mac, VICTIM.ipv4, 'reply'), 'arp'],
  ['ARP with the victim’s MAC inside', withSource(gratuitousArp(VICTIM.mac, '10.9.0.1'), NIC.mac), 'arp'],
  ['an advertisement from the victim’s address', neighbourAdvertisement(NIC.mac, VICTIM.ipv6), 'ipv6'],
  [
    'an advertisement for the victim’s address',
    icmp6('fd00:9::1', [NA, VICTIM.ipv6], [[TARGET_OPTION, NIC.mac]]),
    'neighbour',
  ],
  [
    'an advertisement with the victim’s MAC',
    icmp6('fd00:9::1', [NA, 'fd00:9::1'], [[TARGET_OPTION, VICTIM.mac]]),
    'neighbour',
  ],
  [
    'a solicitation with the victim’s MAC',
    icmp6('fd00:9::1', [NS, VICTIM.ipv6], [[SOURCE_OPTION, VICTIM.mac]]),
    'neighbour',
  ],
  [
    'options that contradict each other, of which hosts take the first',
    icmp6(
      'fd00:9::1',
      [NS, VICTIM.ipv6],
      [
        [SOURCE_OPTION, VICTIM.mac],
        [SOURCE_OPTION, NIC.mac],
      ],
    ),
    'neighbour',
  ],
  ['a router advertisement', icmp6(LINK_LOCAL, [RA, '::'], []), 'router-advertisement'],
  ['a packet from the victim’s address', ipv4(VICTIM.ipv4, '10.9.0.9', [1000, 80]), 'ipv4'],
  ['an answer of a DHCP server', ipv4('10.9.0.1', '255.255.255.255', [67, 68]), 'dhcp-server'],
  ['VXLAN to a tunnel endpoint', ipv4('10.9.0.1', VTEP, [1000, 4789]), 'vtep'],
  ['what another encapsulation has over UDP', ipv4('10.9.0.1', VTEP, [1000, 6081]), 'vtep'],
  ['what one has as an IP protocol', ofProtocol(ipv4('10.9.0.1', VTEP, [1000, 80]), GRE), 'vtep'],
  ['the same to nobody’s endpoint', ofProtocol(ipv4('10.9.0.1', '10.9.0.9', [1000, 80]), GRE), null],
  ['a VLAN tag', tagged(ipv4('10.9.0.1', '10.9.0.9', [1000, 80])), 'vlan'],
  ['two VLAN tags', tagged(tagged(ipv4('10.9.0.1', '10.9.0.9', [1000, 80]))), 'vlan'],
  ['LLDP', ethernet({ to: BROADCAST, from: NIC.mac, etherType: 0x88cc, payload: [] }), 'ethertype'],
  ['MPLS', ethernet({ to: BROADCAST, from: NIC.mac, etherType: 0x8847, payload: [0, 1, 0x11, 64] }), 'ethertype'],
];

t.test('what a guest sends, in a real switch', { skip: whyNoSwitch() }, async (t) => {
  await ovs.startDatabase();
  await ovs.startSwitch();
  await ovs.vsctl('add-br', BRIDGE, '--', 'set', 'bridge', BRIDGE, 'datapath_type=netdev', 'fail_mode=secure');
  const port = ['type=internal', `ofport_request=${PORT}`];
  await ovs.vsctl('add-port', BRIDGE, 'vm', '--', 'set', 'interface', 'vm', ...port);
  const flows = bridgeFlows({
    tunnels: [],
    relays: false,
    locals: [{ ofport: PORT, incoming: null, security: portSecurity(NIC) }],
    vteps: [VTEP],
    carriers: CARRIERS,
    access: { network: [], sender: [], receiver: [] },
  });
  const lines = flows.map((flow) => `add ${renderFlow(flow)}\n`).join('');

  await ovs.ofctl(['-O', OPENFLOW_VERSION, '--bundle', 'add-flows', BRIDGE, '-'], lines);
  const counted = new Map<string, number>();

  for (const [what, frame, reason] of CASES) {
    await t.test(`${what}: ${reason ?? 'goes on'}`, async (t) => {
      const packetOut = `in_port=${PORT},packet=${toHex(frame)},actions=table`;
      await ovs.ofctl(['-O', OPENFLOW_VERSION, 'packet-out', BRIDGE, packetOut]);
      const dump = await ovs.ofctl(['-O', OPENFLOW_VERSION, '--no-names', 'dump-flows', BRIDGE]);
      const met = parseCountedFlows(dump).flatMap(({ flow, packets }) => {
        const before = counted.get(flowKey(flow)) ?? 0;
        counted.set(flowKey(flow), packets);
        return packets > before ? [flow] : [];
      });
      const drops = met.flatMap(({ cookie }) => dropReasonOf(detailOf('security', cookie) ?? 0) ?? []);
      t.strictSame(drops, reason === null ? [] : [reason], 'counted under its reason, and no other');
      t.equal(
        met.some(({ table }) => table === tableNumber('learn')),
        reason === null,
        'learned from only where it goes on',
      );
    });
  }
});
