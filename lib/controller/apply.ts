import type { Change } from '../model/change.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { Plan } from '../plan/plan.js';
import type { Controller } from './controller.js';
import { type MigratedVm, type MigrateOverrides, migrateVm } from './migrate-vm.js';

export interface ApplyResult {
  readonly ok: boolean;
  readonly changes: readonly Change[];
  readonly runs: readonly MigratedVm[];
}

export interface ApplyOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly overrides?: MigrateOverrides;
}

/**
 * Brings the hosts to what the topology says: networks on all hosts at once, then VMs, then migrations one by one,
 * then what is no longer needed is removed.
 *
 * @throws VxmigError: what apply had done until then is in the message; a second apply goes on from there
 */
export async function apply(controller: Controller, options: ApplyOptions): Promise<ApplyResult> {
  return await execute(controller, await controller.plan(), options);
}

async function execute(controller: Controller, plan: Plan, { emit, signal, overrides }: ApplyOptions): Promise<ApplyResult> {
  await everyHost(plan, (host) => controller.session(host.host).execute(host));
  signal.throwIfAborted();
  await everyHost(plan, (host) => controller.session(host.host).executeDomains(host.domains));
  for (const change of plan.changes) if (change.action !== 'migrate' && change.action !== 'delete') emit({ kind: 'change-applied', change });
  const runs: MigratedVm[] = [];
  let { current } = plan;
  for (const { vm, from, to } of plan.migrations) {
    signal.throwIfAborted();
    const run = await migrateVm(controller, { vm, from, to, current, emit, signal, overrides: overrides ?? {} });
    current = run.topology;
    runs.push(run);
    if (!run.record.result.ok) return { ok: false, changes: plan.changes, runs };
  }
  await everyHost(plan, (host) => controller.session(host.host).executeRemovals(host.remove));
  for (const change of plan.changes) if (change.action === 'delete') emit({ kind: 'change-applied', change });
  return { ok: true, changes: plan.changes, runs };
}

/** All hosts at once; a failure of one does not stop the others half-way through theirs. */
async function everyHost(plan: Plan, work: (host: Plan['hosts'][number]) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(plan.hosts.map((host) => work(host)));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ host: plan.hosts[index]?.host ?? '', error: result.reason as unknown }] : [],
  );
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1 && first.error instanceof VxmigError) throw first.error;
  throw new VxmigError('APPLY_FAILED', failures.map(({ host, error }) => `${host}: ${messageOf(error)}`).join('; '), {
    where: failures.map(({ host }) => host).join(', '),
    cause: first.error,
  });
}

