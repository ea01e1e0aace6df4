import type { EventBus } from '../events/event-bus.js';
import type { Change } from '../model/change.js';
import { DomainDefinition } from '../model/domain-definition.js';
import type { Emit } from '../model/event.js';
import type { ScopePlan } from '../model/scope-plan.js';
import type { Vm } from '../model/topology.js';
import type { NetworkBackend } from '../network/backend.js';
import type { ScheduledMove } from '../placement/schedule.js';
import { domainOf } from '../plan/desired-vms.js';
import type { VmPlan } from '../plan/host-plan.js';
import type { Plan } from '../plan/plan.js';
import { awaitGuests } from './await-guests.js';
import type { Controller } from './controller.js';
import { everySession } from './every-session.js';
import type { HostSession } from './host-session.js';
import { removeLeftCopy } from './left-copy.js';
import type { MigrateOverrides } from './migrate-options.js';
import type { MigratedVm, Movers } from './migrate-vm.js';
import { lookThrough, mountStorages } from './mount-storages.js';
import { moveVms } from './move-vms.js';
import { FINISH, undoApply, undone } from './undo.js';

export interface ApplyResult {
  readonly ok: boolean;
  readonly changes: readonly Change[];
  readonly runs: readonly MigratedVm[];
}

export interface ApplyOptions {
  readonly emit: Emit;
  /** Each migration is a run of its own there. */
  readonly bus: EventBus;
  readonly signal: AbortSignal;
  readonly overrides?: MigrateOverrides;
  /** How many VMs may leave a host, and how many come to one, at a time; left out: MOVES_PER_HOST. */
  readonly parallel?: number;
  /** For how long is waited for guests that were started to answer; default: as long as a slow machine boots one. */
  readonly bootTimeoutMs?: number;
}

/**
 * Brings the hosts to what the topology says: networks on all hosts at once, then VMs, then migrations in the plan's
 * order, some of them at the same time, then what is no longer needed is removed.
 *
 * @throws VxmigError: until the migrations what apply had done is undone, or the message says what is left; after
 *   that the message says what has been done, and a second apply goes on from there
 */
export async function apply(controller: Controller, options: ApplyOptions): Promise<ApplyResult> {
  const { first, mounted } = await mountStorages(controller);
  const { planned, ahead } = await lookThrough(controller, { first, mounted }, options.parallel);
  const { plan, moves } = ahead;
  // What the looks at the moves have added each move tells by itself.
  for (const text of planned.warnings) options.emit({ kind: 'warning', text });
  const sessions = [...controller.sessions.values()];
  const before = new Map(sessions.map((session) => [session.name, session.observed]));
  try {
    await prepare(controller, plan, options);
  } catch (error) {
    throw undone(error, await undoApply(controller, { plan, before, mounted }));
  }
  const result = await move(controller, plan, moves, options);
  // Where all that was begun has been undone, all can be as before.
  const moved = result.runs.some(({ record }) => record.result.outcome !== 'rolled-back');
  if (!result.ok && options.signal.aborted && !moved) {
    const left = await undoApply(controller, { plan, before, mounted });
    if (left !== '') options.emit({ kind: 'warning', text: `Left on ${left}. ${FINISH}` });
  }
  return result;
}

/** A guest under TCG boots in 3 s; a machine with more to do takes longer. */
const BOOT_TIMEOUT_MS = 60_000;

/** Networks and VMs. */
async function prepare(
  controller: Controller,
  plan: Plan,
  { emit, signal, bootTimeoutMs }: ApplyOptions,
): Promise<void> {
  const network: NetworkBackend = controller.network;
  // First: it takes longest, and nothing has been changed yet that would have to be undone.
  await everyHost(controller, plan, (session, { uploads }) => session.takeImages(uploads, { emit, signal }));
  for (const copy of plan.leftCopies) await removeLeftCopy(controller, copy);
  await everyScope(plan, (scope) => network.apply(scope));
  signal.throwIfAborted();
  // What came along with a VM is on the storage before that goes which it was copied from.
  await everyHost(controller, plan, (session, { keepVolumes }) => session.keepDisks(keepVolumes));
  await everyHost(controller, plan, async (session, { seeds, volumes, removeVolumes, steps }) => {
    await session.removeDisks([], removeVolumes);
    await session.makeDisks(seeds, volumes);
    await session.executeDomains(steps, emit);
  });
  const begun = new Set(
    plan.vms.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'start' ? [step.domain] : []))),
  );
  // One that an apply before this one has started, and died, may still boot; one that is paused, or has its NIC
  // elsewhere, answers nobody.
  const isYoung = (vm: Vm) => controller.session(vm.host).observed.startedLately.includes(domainOf(vm));
  const left = [...plan.paused, ...plan.pending].map(({ domain }) => domain);
  const started = plan.current.vms.filter(
    (vm) => (begun.has(domainOf(vm)) || isYoung(vm)) && !left.includes(domainOf(vm)) && canAnswer(controller, vm),
  );
  await awaitGuests(controller, {
    topology: plan.current,
    started: started.map((vm) => vm.name),
    emit,
    signal,
    timeoutMs: bootTimeoutMs ?? BOOT_TIMEOUT_MS,
  });
  signal.throwIfAborted();
  for (const change of plan.changes)
    if (change.action !== 'migrate' && change.action !== 'delete') emit({ kind: 'change-applied', change });
}

/** A NIC whose link is down, as its owner may have wanted it, is not waited for. */
function canAnswer(controller: Controller, vm: Vm): boolean {
  if (vm.source.kind === 'image') return true;
  const found = controller.session(vm.host).observed.domains.find(({ name }) => name === domainOf(vm));
  if (found === undefined) return true;
  const definition = DomainDefinition.parse(found.xml);
  return !vm.nics.some(({ mac }) => definition.interface(mac)?.linkDown === true);
}

/** Migrations, and what is no longer needed after them. */
async function move(
  controller: Controller,
  plan: Plan,
  moves: readonly ScheduledMove[],
  { emit, bus, signal, overrides }: ApplyOptions,
): Promise<ApplyResult> {
  let movers: Promise<Movers> | undefined;
  const migrateOne = async ({ vm, from, to }: ScheduledMove, others: readonly string[]) => {
    // Loaded only here: most applies move nothing, and their start is what is waited for.
    movers ??= import('./migrate-vm.js').then(({ Movers }) => new Movers(controller, plan.current));
    const request = { vm, from, to, bus, signal, overrides: overrides ?? {} };
    return await (await movers).migrate(request, others);
  };
  const runs = await moveVms(moves, migrateOne, signal);
  if (runs.length < moves.length || runs.some(({ record }) => !record.result.ok))
    return { ok: false, changes: plan.changes, runs };
  await everyHost(controller, plan, async (session, { remove, removeSeeds }) => {
    await session.executeDomains(remove, emit);
    await session.removeDisks(removeSeeds, []);
  });
  const network: NetworkBackend = controller.network;
  // A migration that has come to its end may have taken away what was to go: what is left is looked for.
  const left = runs.length === 0 ? plan : await controller.plan();
  await everyScope(left, (scope) => network.prune(scope));
  await everySession([...controller.sessions.values()], async (session) => {
    const own = plan.mounts.find(({ host }) => host === session.name);
    await session.unmount(own?.unmounts ?? []);
  });
  for (const change of plan.changes) if (change.action === 'delete') emit({ kind: 'change-applied', change });
  return { ok: true, changes: plan.changes, runs };
}

async function everyHost(
  controller: Controller,
  plan: Plan,
  work: (session: HostSession, vms: VmPlan) => Promise<void>,
): Promise<void> {
  await everySession([...controller.sessions.values()], async (session) => {
    const vms = plan.vms.find(({ host }) => host === session.name);
    if (vms !== undefined) await work(session, vms);
  });
}

async function everyScope(plan: Plan, work: (scope: ScopePlan) => Promise<void>): Promise<void> {
  await everySession(
    plan.scopes.map((scope) => ({ name: scope.host ?? scope.backend, scope })),
    ({ scope }) => work(scope),
  );
}
