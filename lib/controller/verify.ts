import { type ReachAnswer, reaches, reachesEach } from '../host/reach.js';
import type { Check } from '../model/check.js';
import { bridgeName, probePortName } from '../model/names.js';
import { probePaths } from '../model/probe-path.js';
import { shellLine } from '../model/quote.js';
import type { Host, Topology } from '../model/topology.js';
import { fdbEntries } from '../pipeline/fdb.js';
import { domainOf } from '../plan/desired.js';
import { probeMtu } from '../plan/desired-ports.js';
import { expectedAt } from '../plan/expected-place.js';
import { pendingText } from '../plan/pending.js';
import type { Plan } from '../plan/plan.js';
import { pausedText } from '../plan/standing.js';
import { networkOf, vtepOf } from '../plan/topology-parts.js';
import { peersOf } from '../plan/ways.js';
import { type Controller, START_SWITCH } from './controller.js';
import { fdbPlaces } from './places.js';
import { denialsHold, forgeriesDropped, strangersDropped } from './verify-security.js';

/**
 * Everything that can be asked about a topology as it is now; nothing is changed. Checks that need each other's frames
 * run in order.
 */
export async function verify(controller: Controller): Promise<Check[]> {
  const observed = await controller.observe();
  const down = observed.filter(({ switchAnswers }) => !switchAnswers);
  // Nothing else can be asked then.
  if (down.length > 0)
    return down.map(({ host }) =>
      check(`switch of ${host}`, false, 'ovs-vswitchd answers', 'it does not', START_SWITCH),
    );
  const plan = await controller.plan(observed);
  const { current } = plan;
  const checks = [...configuration(plan), ...portsReady(controller), ...vmsRunOnce(controller.topology, plan)];
  checks.push(...(await tunnelsReach(controller, current)));
  // Pings first: they teach the tables what an idle VM has let them forget.
  checks.push(...(await probesReach(controller, current, checks)));
  checks.push(...(await tablesPoint(controller, current)));
  checks.push(...(await networksIsolated(controller, current)));
  checks.push(...(await forgeriesDropped(controller, current)), ...(await denialsHold(controller, current)));
  checks.push(...(await strangersDropped(controller, current)));
  return checks;
}

function check(name: string, ok: boolean, expected: string, seen: string, hint: string): Check {
  return { name, ok, expected, seen, hint: ok ? '' : hint };
}

function configuration(plan: Plan): Check[] {
  return plan.hosts.map(({ host, changes }) => {
    const seen = changes.map((change) => `${change.kind} ${change.name}: ${change.why}`);
    const hint = 'run `vxmig plan FILE` to see what differs, `vxmig apply FILE` to fix it';
    return check(
      `configuration of ${host}`,
      seen.length === 0,
      'as the topology says',
      seen.join('; ') || 'as the topology says',
      hint,
    );
  });
}

function portsReady(controller: Controller): Check[] {
  return [...controller.sessions.values()].map(({ name, observed }) => {
    const ours = observed.bridges.filter((bridge) => bridge.externalIds['vxmig-topology'] === controller.topology.name);
    const broken = ours.flatMap((bridge) => bridge.ports).filter((port) => (port.interface.ofport ?? -1) < 1);
    const seen = broken.map((port) => `${port.name}: ${port.interface.error ?? 'no OpenFlow port'}`).join('; ');
    return check(
      `ports of ${name}`,
      broken.length === 0,
      'all have an OpenFlow port',
      seen || 'all have one',
      `see \`ovs-vsctl show\` on ${name}`,
    );
  });
}

function vmsRunOnce(topology: Topology, plan: Plan): Check[] {
  return topology.vms.map((vm) => {
    const wrong = plan.migrations.find((migration) => migration.vm === vm.name);
    const starts = plan.hosts.some((host) =>
      host.domains.some((step) => step.kind === 'start' && step.domain === domainOf(vm)),
    );
    const pending = plan.pending.find(({ domain }) => domain === domainOf(vm));
    const name = `VM ${vm.name}`;
    const expected = `it runs on ${vm.host}`;
    if (pending !== undefined) {
      const { what, fix } = pendingText(pending);
      return check(name, false, `${expected}, with its NICs at its taps`, what, fix);
    }
    const note = plan.paused.find(({ domain }) => domain === domainOf(vm));
    if (note !== undefined) return check(name, false, expected, pausedText(note).what, pausedText(note).fix);
    const seen =
      wrong !== undefined ? `it runs on ${wrong.from}` : starts ? 'it does not run' : `it runs on ${vm.host}`;
    return check(name, wrong === undefined && !starts, expected, seen, '`vxmig apply FILE` brings it there');
  });
}

/**
 * Full-size packets between VTEPs: what does not fit is lost later, and only then. There are as many ways as pairs of
 * hosts; each host tries its own in one go, and begins with the peer after itself, so that not all of them ask the same
 * one at the same time.
 */
async function tunnelsReach(controller: Controller, topology: Topology): Promise<Check[]> {
  const checks = topology.hosts.map(async (host, place) => {
    const peers = new Set(topology.networks.flatMap((network) => peersOf(topology, network, host.name)));
    const inTurn = [...topology.hosts.slice(place + 1), ...topology.hosts.slice(0, place)].filter((to) =>
      peers.has(to),
    );
    const byMtu = new Map<number, Host[]>();
    for (const to of inTurn) {
      const mtu = Math.min(underlayMtu(topology, host), underlayMtu(topology, to));
      byMtu.set(mtu, [...(byMtu.get(mtu) ?? []), to]);
    }
    const { shell } = controller.session(host.name);
    const groups = [...byMtu].map(async ([fullSizeMtu, group]) => {
      const answers = await reachesEach(shell, { addresses: group.map(vtepOf), fullSizeMtu });
      return group.map((to) => [to, tunnelCheck(host, to, fullSizeMtu, answers.get(vtepOf(to)))] as const);
    });
    const found = new Map((await Promise.all(groups)).flat());
    return topology.hosts.flatMap((to) => found.get(to) ?? []);
  });
  return (await Promise.all(checks)).flat();
}

function tunnelCheck(from: Host, to: Host, mtu: number, answer: ReachAnswer | undefined): Check {
  const hint = 'fix the route or the MTU between the two hosts';
  const expected = `${vtepOf(to)} answers packets of ${mtu} bytes`;
  return check(`tunnel ${from.name} → ${to.name}`, answer?.ok ?? false, expected, answer?.seen ?? '', hint);
}

function underlayMtu(topology: Topology, host: Host): number {
  return topology.underlay.find((segment) => segment.name === host.underlay)?.mtu ?? 1500;
}

async function probesReach(controller: Controller, topology: Topology, before: readonly Check[]): Promise<Check[]> {
  const isInOrder = before.every(({ ok }) => ok);
  const paths = topology.probes.flatMap((probe) => {
    const ways = probe.from.kind === 'host' ? probePaths(topology, probe) : [];
    return ways.flatMap(({ network, pairs }) => pairs.map(({ target }) => ({ probe, network, address: target })));
  });
  return await Promise.all(
    paths.map(async ({ probe, network, address }) => {
      const session = controller.session(probe.from.name);
      const bridge = session.observed.bridges.find(({ name }) => name === bridgeName(topology.name, network));
      const overlay = networkOf(topology, network);
      const mtu = probeMtu(overlay, bridge?.datapathType ?? '');
      const namespace = probePortName(topology.name, network, probe.from.name);
      const answer = await reaches(session.shell, { address, fullSizeMtu: mtu, namespace });
      const most =
        mtu === overlay.mtu
          ? ''
          : `, the most that a probe port in userspace carries (VMs there have an MTU of ${overlay.mtu})`;
      const name = `${probe.from.name} reaches ${probe.to} (${address}) in ${network}`;
      return check(
        name,
        answer.ok,
        `answers to packets of ${mtu} bytes${most}`,
        answer.seen,
        isInOrder ? guestHint(topology, probe.to, address) : 'fix what the failed checks above name, then verify again',
      );
    }),
  );
}

/** Bridges, ports and tunnels are as they should be. */
function guestHint(topology: Topology, name: string, address: string): string {
  const vm = topology.vms.find((candidate) => candidate.name === name);
  if (vm === undefined) return '';
  const console = shellLine(['virsh', 'console', domainOf(vm)]);
  return (
    `the way there is in order, so look at the guest: has it booted, has it ${address}, does its firewall answer ` +
    `pings? \`${console}\` on ${vm.host}`
  );
}

async function tablesPoint(controller: Controller, topology: Topology): Promise<Check[]> {
  // Without VMs there is nothing to look up, and the hosts need not be read again.
  if (topology.vms.length === 0) return [];
  const places = await fdbPlaces(controller, topology);
  const isBehind = (mac: string) => !topology.vms.some(({ nics }) => nics.some((nic) => nic.mac === mac));
  return places.map(({ host, network, vm, mac, seen }) => {
    const at = topology.vms.find(({ name }) => name === vm)?.host ?? '';
    const expected = expectedAt(topology, network, at, host);
    const hint =
      `\`ovs-ofctl --names dump-flows ${bridgeName(topology.name, network)} table=fdb\` on ${host} ` +
      'shows its table';
    // An entry that has aged out is no fault: the frame is flooded and the answer teaches the place anew.
    return check(
      `FDB of ${host} for ${vm} in ${network}${isBehind(mac) ? ` (${mac})` : ''}`,
      seen === expected || seen === null,
      expected,
      seen ?? `no entry (${mac} is flooded)`,
      hint,
    );
  });
}

/** No bridge of one network may know a MAC that lives in another only. */
async function networksIsolated(controller: Controller, topology: Topology): Promise<Check[]> {
  const macsOf = (network: string) =>
    topology.vms.flatMap((vm) => vm.nics.filter((nic) => nic.network === network).map((nic) => nic.mac));
  if (topology.networks.length < 2) return [];
  return topology.networks.map((network) => {
    const own = new Set(macsOf(network.name));
    const foreign = new Set(topology.networks.flatMap((other) => macsOf(other.name)).filter((mac) => !own.has(mac)));
    const leaks = [...controller.sessions.values()].flatMap((session) => {
      const bridge = session.observed.bridges.find(
        (candidate) => candidate.name === bridgeName(topology.name, network.name),
      );
      return fdbEntries(bridge?.flows ?? []).flatMap((entry) =>
        foreign.has(entry.mac) ? [`${session.name} knows ${entry.mac}`] : [],
      );
    });
    const name = `network ${network.name} (${network.encapsulation.key.name} ${network.vni}) is isolated`;
    return check(
      name,
      leaks.length === 0,
      'no MAC of another network is known',
      leaks.join('; ') || 'none is known',
      'two bridges are connected somewhere outside vxmig',
    );
  });
}
