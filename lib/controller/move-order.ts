import { dirtyRate } from '../compute/libvirt/dirty-rate.js';
import { bytesPerSecond } from '../model/quantities.js';
import type { Topology } from '../model/topology.js';
import { type Link, type Move, type ScheduledMove, schedule } from '../placement/schedule.js';
import { domainOf } from '../plan/desired-vms.js';
import type { PlannedMigration } from '../plan/network-planner.js';
import type { Plan } from '../plan/plan.js';
import { hostOf } from '../plan/topology-parts.js';
import type { Controller } from './controller.js';

/**
 * Which of the planned migrations go at the same time, and which wait for which; guests are looked at only where that
 * decides.
 *
 * @param rateOf what a guest writes, which takes a second to find out
 */
export async function moveOrder(
  controller: Controller,
  { current, migrations }: Pick<Plan, 'current' | 'migrations'>,
  perHost: number,
  rateOf: typeof dirtyRate = dirtyRate,
): Promise<ScheduledMove[]> {
  const moves = migrations.map((migration) => moveOf(current, migration));
  const shares = (move: Move) =>
    moves.some(
      (other) => other !== move && other.links.some(({ name }) => move.links.some((one) => one.name === name)),
    );
  const known = await Promise.all(
    moves.map(async (move): Promise<Move> => {
      if (!shares(move)) return move;
      const vm = current.vms.find(({ name }) => name === move.vm);
      const shell = controller.session(move.from).shell;
      // Where it cannot be told the order is as if it wrote nothing.
      const dirtyBytesPerSecond = vm === undefined ? null : await rateOf(shell, domainOf(vm)).catch(() => null);
      return { ...move, dirtyBytesPerSecond };
    }),
  );
  return schedule(known, perHost);
}

/** In words for a plan; empty where there is nothing to say. */
export function orderText({ after, why }: ScheduledMove, all: readonly ScheduledMove[]): string {
  if (after.length > 0) return `when ${after.join(' and ')} ${after.length === 1 ? 'has' : 'have'} moved (${why})`;
  return all.length > 1 ? 'at once' : '';
}

function moveOf(topology: Topology, { vm: name, from, to }: PlannedMigration): Move {
  const vm = topology.vms.find((candidate) => candidate.name === name);
  if (vm === undefined) throw new Error(`no VM ${name} in topology ${topology.name}`);
  return {
    vm: name,
    from,
    to,
    memoryBytes: vm.memoryBytes,
    bandwidthBytesPerSecond: vm.migration.bandwidthBytesPerSecond,
    dirtyBytesPerSecond: null,
    links: linksBetween(topology, from, to),
  };
}

/** The two ends' segments, each in its direction, where their rate is known. Within a segment the router is not met. */
function linksBetween(topology: Topology, from: string, to: string): Link[] {
  const [near, far] = [hostOf(topology, from).underlay, hostOf(topology, to).underlay];
  if (near === far) return [];
  const ends = [
    { segment: near, name: `out of ${near}` },
    { segment: far, name: `into ${far}` },
  ];
  return ends.flatMap(({ segment, name }) => {
    const rate = topology.underlay.find((candidate) => candidate.name === segment)?.rate ?? null;
    return rate === null ? [] : [{ name: `on the link ${name}`, bytesPerSecond: bytesPerSecond(rate) }];
  });
}
