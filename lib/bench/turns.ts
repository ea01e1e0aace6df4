import type { MigrateTool } from '../model/bench-result.js';

/**
 * Who has its turn when, round by round. Each has one turn in each round, and the order changes with every round, so
 * that all meet the same machine in the same states.
 *
 * OVN moves a VM of its own, the others share one that goes there and back with each turn. In how many turns of theirs
 * the VM goes there, and in how many back, differs by no more than three.
 */
export function turns(contenders: readonly MigrateTool[], rounds: number): MigrateTool[][] {
  const sharing = contenders.filter((tool) => tool !== 'ovn');
  return Array.from({ length: rounds }, (_, round) => {
    const first = sharing.length === 0 ? 0 : round % sharing.length;
    const order: MigrateTool[] = [...sharing.slice(first), ...sharing.slice(0, first)];
    if (contenders.includes('ovn')) order.splice(round % (order.length + 1), 0, 'ovn');
    return order;
  });
}
