import type { VxmigError } from '../model/errors.js';
import { joined } from '../model/joined-errors.js';
import type { ScopePlan } from '../model/scope-plan.js';
import { MOVES_PER_HOST, type ScheduledMove } from '../placement/schedule.js';
import { pendingMove } from '../plan/pending-move.js';
import type { Plan } from '../plan/plan.js';
import { hostOf } from '../plan/topology-parts.js';
import type { Controller } from './controller.js';
import { moveOrder, orderText } from './move-order.js';
import { outlookOf } from './outlook.js';

export interface LookedAhead<Scope extends ScopePlan = ScopePlan> {
  /** With what is in the way of a move beside it. */
  readonly plan: Plan<Scope>;
  /** Its migrations, with who waits for whom. */
  readonly moves: readonly ScheduledMove[];
  /** All that is in the way, in one error; null: nothing is. */
  readonly obstacle: VxmigError | null;
}

/** Which of the planned migrations could not be made: that is told before anything is changed. @throws as lookAtMove */
export async function lookAhead<Scope extends ScopePlan>(
  controller: Controller,
  plan: Plan<Scope>,
  perHost: number = MOVES_PER_HOST,
): Promise<LookedAhead<Scope>> {
  const looks = plan.migrations.map(async ({ vm: name, from, to }) => {
    const vm = plan.current.vms.find((candidate) => candidate.name === name);
    if (vm === undefined) throw new Error(`no VM ${name}`);
    const journey = { vm, from: hostOf(plan.current, from), to: hostOf(plan.current, to) };
    const outlook = await outlookOf(controller, journey);
    const error = joined([pendingMove(plan.pending, vm, to), outlook?.obstacle ?? null]);
    return { name, error, remarks: outlook?.remarks ?? [] };
  });
  const [looked, moves] = await Promise.all([Promise.all(looks), moveOrder(controller, plan, perHost)]);
  const found = looked.flatMap(({ name, error }) => (error === null ? [] : [{ name, error }]));
  const remarks = looked.flatMap((one) => one.remarks);
  const errorOf = (name: string) => found.find((one) => one.name === name)?.error;
  const changes = plan.changes.map((one) => {
    if (one.action !== 'migrate') return one;
    const error = errorOf(one.name);
    const order = moves.flatMap((move) => (move.vm === one.name ? orderText(move, moves) || [] : []));
    const obstacle = error === undefined ? [] : [`it cannot be made: ${error.message}`];
    return { ...one, why: [one.why, ...order, ...obstacle].join('; ') };
  });
  const warnings = [...plan.warnings, ...remarks, ...found.map(({ error }) => `${error.message}. ${error.hint}`)];
  return { plan: { ...plan, changes, warnings }, moves, obstacle: joined(found.map(({ error }) => error)) };
}
