import { reaches } from '../host/reach.js';
import { type Check, check } from '../model/check.js';
import { bridgeName, probePortName } from '../model/names.js';
import { probePaths } from '../model/probe-path.js';
import { shellLine } from '../model/quote.js';
import type { Topology } from '../model/topology.js';
import { probeMtu } from '../plan/desired-ports.js';
import { domainOf } from '../plan/desired-vms.js';
import { pendingText } from '../plan/pending.js';
import type { Plan } from '../plan/plan.js';
import { pausedText } from '../plan/standing.js';
import { networkOf } from '../plan/topology-parts.js';
import type { Controller } from './controller.js';

/**
 * Everything that can be asked about a topology as it is now; nothing is changed. Checks that need each other's frames
 * run in order.
 */
export async function verify(controller: Controller): Promise<Check[]> {
  const observed = await controller.observe();
  const { network } = controller;
  const faults = network.unready(observed);
  // Nothing else can be asked then.
  if (faults.length > 0) return [...faults];
  const plan = await controller.plan(observed);
  const { current } = plan;
  const [ways, vms] = [await network.verifyWays(current), vmsRunOnce(controller.topology, plan)];
  const checks = [...configuration(plan), ...vms, ...ways];
  // Pings first: they teach the tables what an idle VM has let them forget.
  checks.push(...(await probesReach(controller, current, checks)));
  checks.push(...(await network.verifyTables(current)));
  return checks;
}

function configuration(plan: Plan): Check[] {
  return plan.vms.map(({ host }) => {
    const changes = plan.changes.filter((change) => change.host === host && change.action !== 'migrate');
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

function vmsRunOnce(topology: Topology, plan: Plan): Check[] {
  return topology.vms.map((vm) => {
    const wrong = plan.migrations.find((migration) => migration.vm === vm.name);
    const starts = plan.vms.some(({ steps }) =>
      steps.some((step) => step.kind === 'start' && step.domain === domainOf(vm)),
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
