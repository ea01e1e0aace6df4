import { contains, linkLocalOf, parseIp, parsePrefix } from '../../model/address.js';
import type { Check } from '../../model/check.js';
import { bridgeName, flowTunnelPortName, tapName } from '../../model/names.js';
import type { Network, Nic, Topology, Vm } from '../../model/topology.js';
import { cookieOf } from '../../pipeline/cookie.js';
import { DROP_REASONS, type DropReason } from '../../pipeline/drop-reason.js';
import { tableNumber } from '../../pipeline/tables.js';
import { endsOf } from '../../pipeline/tunnels.js';
import { accessLists, numberedRules, ruleText } from '../../plan/access.js';
import { type AccessFrame, frameFlow, framesFor, frameText } from '../../plan/access-frame.js';
import { portSecurity } from '../../plan/port-security.js';
import { hostOf, vtepOf } from '../../plan/topology-parts.js';
import type { OvsHostSession, OvsHosts } from './ovs-hosts.js';
import { type TraceAnswer, type TraceQuestion, traceFrames } from './trace.js';

/** Nobody's, and addresses that are for documentation (RFC 5737, RFC 3849). */
const FORGED = { mac: '02:00:00:00:00:01', ipv4: '192.0.2.1', ipv6: '2001:db8::1' };
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const HINT = '`vxmig plan FILE` names flows that differ; `vxmig apply FILE` fixes them';

/**
 * The switch is asked what it does with frames that each VM must not send: it must drop each, and count it under its
 * reason.
 */
export async function forgeriesDropped(hosts: OvsHosts, topology: Topology): Promise<Check[]> {
  const nics = topology.vms.flatMap((vm) => vm.nics.map((nic, index) => ({ vm, nic, index })));
  const guarded = nics.filter(({ nic }) => !nic.allow.any);
  return await Promise.all(guarded.map((each) => forgeryCheck(hosts.session(each.vm.host), topology, each)));
}

async function forgeryCheck(
  session: OvsHostSession,
  topology: Topology,
  { vm, nic, index }: { readonly vm: Vm; readonly nic: Nic; readonly index: number },
): Promise<Check> {
  const name = `port security of ${vm.name} in ${nic.network}`;
  const expected = 'forged frames are dropped and counted';
  const tap = tapName(topology.name, vm.name, index);
  const port = session.network.ports(nic.network).find((candidate) => candidate.name === tap);
  if (port === undefined) return { name, ok: false, expected, seen: `${session.name} has no port ${tap}`, hint: HINT };
  const forgeries = forgeriesOf(nic);
  const questions = forgeries.map(({ frame }) => ({ flow: `in_port=${port.ofport},${frame}` }));
  const answers = await traceFrames(session.shell, bridgeName(topology.name, nic.network), questions);
  const wrong = forgeries.flatMap(({ what, reason }, place) => {
    const fault = faultOf(answers[place], cookieOf('security', DROP_REASONS[reason].id));
    return fault === null ? [] : [`${what}: ${fault}`];
  });
  const seen = wrong.join('; ') || `dropped: ${forgeries.map(({ what }) => what).join(', ')}`;
  return { name, ok: wrong.length === 0, expected, seen, hint: wrong.length === 0 ? '' : HINT };
}

/**
 * Where one tunnel port is for all hosts of a network, the switch is asked what it does with a frame from somebody who
 * is none of them.
 */
export async function strangersDropped(hosts: OvsHosts, topology: Topology): Promise<Check[]> {
  const shared = topology.hosts.length < 2 ? [] : topology.networks.filter(({ mesh }) => mesh.kind === 'flow');
  return await Promise.all(
    shared.flatMap((network) =>
      [...hosts.sessions.values()].map((session) => strangerCheck(session, topology, network)),
    ),
  );
}

async function strangerCheck(session: OvsHostSession, topology: Topology, network: Network): Promise<Check> {
  const name = `the tunnel port of ${session.name} in ${network.name}`;
  const expected = 'frames from unknown tunnel endpoints are dropped and counted';
  const tunnel = flowTunnelPortName(topology.name, network.name);
  const port = session.network.ports(network.name).find((candidate) => candidate.name === tunnel);
  if (port === undefined) return { name, ok: false, expected, seen: `there is no port ${tunnel}`, hint: HINT };
  const forged = vtepOf(hostOf(topology, session.name)).includes(':') ? FORGED.ipv6 : FORGED.ipv4;
  const frame = `${endsOf(forged).source}=${forged},dl_src=${FORGED.mac},dl_dst=${BROADCAST}`;
  const flow = `in_port=${port.ofport},${frame}`;
  const [answer] = await traceFrames(session.shell, bridgeName(topology.name, network.name), [{ flow }]);
  const fault = faultOf(answer, cookieOf('security', DROP_REASONS.endpoint.id));
  return { name, ok: fault === null, expected, seen: fault ?? 'dropped', hint: fault === null ? '' : HINT };
}

interface Forgery {
  readonly what: string;
  readonly reason: DropReason;
  /** As ovs-appctl reads it. */
  readonly frame: string;
}

function forgeriesOf(nic: Nic): Forgery[] {
  const security = portSecurity(nic);
  if (security === null) return [];
  const { mac } = nic;
  const own = `dl_src=${mac},dl_dst=${BROADCAST}`;
  const isForged = (sources: readonly string[] | null, address: string) =>
    sources !== null && !sources.some((source) => holds(source, address));
  const ipv4 = isForged(security.ipv4, FORGED.ipv4);
  const ipv6 = isForged(security.ipv6, FORGED.ipv6);
  const claim = `icmp6,ipv6_src=${linkLocalOf(mac)},icmpv6_type=136,icmpv6_code=0`;
  const forgeries: (Forgery | false)[] = [
    { what: 'MAC', reason: 'mac', frame: `dl_src=${FORGED.mac},dl_dst=${BROADCAST},dl_type=0x0800` },
    { what: 'ARP MAC', reason: 'arp', frame: `${own},arp,arp_op=2,arp_sha=${FORGED.mac}` },
    { what: 'RARP MAC', reason: 'rarp', frame: `${own},rarp,arp_op=3,arp_sha=${FORGED.mac}` },
    ipv4 && { what: 'ARP address', reason: 'arp', frame: `${own},arp,arp_op=2,arp_spa=${FORGED.ipv4},arp_sha=${mac}` },
    ipv4 && { what: 'IPv4 source', reason: 'ipv4', frame: `${own},icmp,nw_src=${FORGED.ipv4}` },
    ipv6 && { what: 'IPv6 source', reason: 'ipv6', frame: `${own},icmp6,ipv6_src=${FORGED.ipv6}` },
    ipv6 && {
      what: 'neighbour advertisement',
      reason: 'neighbour',
      frame: `${own},${claim},nd_target=${FORGED.ipv6},nd_tll=${mac}`,
    },
    !security.mayTag && { what: 'VLAN tag', reason: 'vlan', frame: `${own},dl_vlan=7,dl_type=0x0800` },
  ];
  return forgeries.filter((forgery) => forgery !== false);
}

function holds(source: string, address: string): boolean {
  const [prefix, ip] = [parsePrefix(source), parseIp(address)];
  return prefix !== null && ip !== null && contains(prefix, ip);
}

/**
 * Every host's switch is asked what it does with frames that a rule denies, of each protocol, whichever port of its own
 * they come from.
 */
export async function denialsHold(hosts: OvsHosts, topology: Topology): Promise<Check[]> {
  const checks = topology.networks.flatMap((network) => {
    const lists = accessLists(topology, network);
    const rules = [lists.network, ...lists.sender, ...lists.receiver].flat();
    const denials = numberedRules(topology).flatMap((entry) => {
      const rule = rules.find(({ id }) => id === entry.id && entry.rule.action === 'deny');
      const frames = rule === undefined ? [] : framesFor(topology, network, lists, rule);
      return frames.length === 0 ? [] : [{ entry, frames }];
    });
    if (denials.length === 0) return [];
    return [...hosts.sessions.values()].map(async (session): Promise<Check[]> => {
      const bridge = bridgeName(topology.name, network.name);
      const isThere = session.observed.bridges.some((candidate) => candidate.name === bridge);
      const questions = denials.flatMap(({ frames }) => frames.map(askAbout));
      const answers = isThere ? await traceFrames(session.shell, bridge, questions) : [];
      let asked = 0;
      return denials.map(({ entry, frames }) => {
        const wrong = frames.flatMap((frame) => {
          const fault = faultOf(answers[asked++], cookieOf('access', entry.id));
          return fault === null ? [] : [`${frameText(frame)}: ${fault}`];
        });
        const name = `${ruleText(entry)} (${network.name}, ${session.name})`;
        const seen = wrong.join('; ') || `dropped: ${frames.map(frameText).join(', ')}`;
        return { name, ok: wrong.length === 0, expected: 'it denies', seen, hint: wrong.length === 0 ? '' : HINT };
      });
    });
  });
  return (await Promise.all(checks)).flat();
}

function askAbout(frame: AccessFrame): TraceQuestion {
  return { flow: `in_port=LOCAL,${frameFlow(frame)}`, actions: `resubmit(,${tableNumber('acl_network')})` };
}

/** null: it is dropped by a flow with that cookie. */
function faultOf(answer: TraceAnswer | undefined, cookie: bigint): string | null {
  if (answer === undefined) return 'the bridge is not there';
  const { outputs, datapathActions, lastFlow } = answer.trace;
  if (outputs.length > 0 || datapathActions !== 'drop') return 'it goes on';
  return lastFlow?.endsWith(`cookie 0x${cookie.toString(16)}`) === true
    ? null
    : `it is dropped for another reason, by the flow ${lastFlow ?? '(none)'}`;
}
