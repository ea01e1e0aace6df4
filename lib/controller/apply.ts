import type { Change } from '../model/change.js';
import type { Emit } from '../model/event.js';
import { domainOf } from '../plan/desired.js';
import type { HostPlan } from '../plan/host-plan.js';
import type { Plan } from '../plan/plan.js';
import { awaitGuests } from './await-guests.js';
import type { Controller } from './controller.js';
import { everySession } from './every-session.js';
import type { HostSession } from './host-session.js';
import type { MigratedVm, MigrateOverrides } from './migrate-vm.js';

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

async function execute(
  controller: Controller,
  plan: Plan,
  { emit, signal, overrides }: ApplyOptions,
): Promise<ApplyResult> {
  await everyHost(controller, plan, (session, host) => session.execute(host));
  signal.throwIfAborted();
  await everyHost(controller, plan, (session, host) => session.executeDomains(host.domains));
  const begun = new Set(
    plan.hosts.flatMap((host) => host.domains.flatMap((step) => (step.kind === 'start' ? [step.domain] : []))),
  );
  const started = plan.current.vms.filter((vm) => begun.has(domainOf(vm))).map((vm) => vm.name);
  await awaitGuests(controller, plan.current, started, emit, signal);
  for (const change of plan.changes)
    if (change.action !== 'migrate' && change.action !== 'delete') emit({ kind: 'change-applied', change });
  const runs: MigratedVm[] = [];
  let { current } = plan;
  for (const { vm, from, to } of plan.migrations) {
    signal.throwIfAborted();
    // Loaded only here: most applies move nothing, and their start is what is waited for.
    const { migrateVm } = await import('./migrate-vm.js');
    const run = await migrateVm(controller, { vm, from, to, current, emit, signal, overrides: overrides ?? {} });
    current = run.topology;
    runs.push(run);
    if (!run.record.result.ok) return { ok: false, changes: plan.changes, runs };
  }
  await everyHost(controller, plan, (session, host) => session.executeRemovals(host.remove));
  for (const change of plan.changes) if (change.action === 'delete') emit({ kind: 'change-applied', change });
  return { ok: true, changes: plan.changes, runs };
}

async function everyHost(
  controller: Controller,
  plan: Plan,
  work: (session: HostSession, host: HostPlan) => Promise<void>,
): Promise<void> {
  await everySession([...controller.sessions.values()], async (session) => {
    const host = plan.hosts.find((candidate) => candidate.host === session.name);
    if (host !== undefined) await work(session, host);
  });
}
