import { apply } from '../controller/apply.js';
import { Controller } from '../controller/controller.js';
import { DEFAULT_LOCK } from '../controller/host-locks.js';
import { Movers } from '../controller/migrate-vm.js';
import { runsOn } from '../controller/places.js';
import type { EventBus } from '../events/event-bus.js';
import type { Eyes } from '../grade/eyes.js';
import type { Rubric } from '../grade/rubric.js';
import { SubmissionFault } from '../grade/sight.js';
import { inLab } from '../lab/connect.js';
import { freshLab } from '../lab/fresh.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { StrategyName, Topology } from '../model/topology.js';
import { withVmsAt } from '../plan/plan.js';
import { examTopology, isWatcher } from './exam-topology.js';
import { HostEyes } from './host-eyes.js';
import { isOfTheHosts } from './host-fault.js';
import { tapsOf } from './recognise.js';

/** A guest boots in 3 s under TCG. One that does not answer may be what is to be found out. */
const BOOT_TIMEOUT_MS = 30_000;

export interface ExamOptions {
  /** Look at the topology's hosts as they are; nothing is built, applied or removed. */
  readonly live: boolean;
  /** How the lab is called that is built of the submission. */
  readonly labName: string;
  readonly emit: Emit;
  readonly bus: EventBus;
  readonly signal: AbortSignal;
}

/** `none`: there is nothing to look at, and that is the student's doing. */
export type Exam =
  | { readonly kind: 'open'; readonly eyes: Eyes; readonly close: () => Promise<void> }
  | { readonly kind: 'none'; readonly why: string };

/**
 * Hosts to look at. Where a lab of the submission cannot be built and applied, one of the reference is tried: where
 * that one can, here and now, it is not the machine's fault.
 * @throws whatever keeps it from being found out
 */
export async function openExam(rubric: Rubric, submission: Topology, options: ExamOptions): Promise<Exam> {
  if (options.live) return await openLive(submission, options);
  try {
    return await openLab(rubric, submission, options);
  } catch (error) {
    if (options.signal.aborted || rubric.reference === null) throw error;
    const control = await openLab(rubric, rubric.reference, options).catch(() => null);
    if (control === null) throw error;
    await control.close();
    return { kind: 'none', why: messageOf(error) };
  }
}

/**
 * Hosts that are not up, or not to be reached, are the student's doing; of hosts elsewhere only where others of them
 * can be.
 */
async function openLive(submission: Topology, options: ExamOptions): Promise<Exam> {
  let controller: Controller;
  try {
    const topology = submission.lab === null ? submission : await inLab(submission, submission.name);
    controller = await connectedTo(topology, options);
  } catch (error) {
    const isDown = submission.lab !== null && (isOfTheHosts(error) || isUnknown(error));
    if (!isDown && !(error instanceof SubmissionFault)) throw error;
    return { kind: 'none', why: messageOf(error) };
  }
  const lab = submission.lab === null ? null : submission.name;
  const eyes = eyesOn(controller, { ...options, lab, watchers: submission.probes });
  return { kind: 'open', eyes, close: async () => eyes.controller.close() };
}

/** @throws SubmissionFault where some of the hosts can be reached, and others not; VxmigError where none can be */
async function connectedTo(topology: Topology, { emit }: Pick<ExamOptions, 'emit'>): Promise<Controller> {
  const { controller, failures } = await Controller.connectAny(topology, emit);
  const [first] = failures;
  if (first === undefined) return controller;
  controller.close();
  const isTheirs = controller.sessions.size > 0 && failures.every(({ error }) => isOfTheHosts(error));
  throw isTheirs ? new SubmissionFault(failures.map(({ error }) => messageOf(error)).join('; ')) : first.error;
}

/** There is no lab of that name here. */
function isUnknown(error: unknown): boolean {
  return error instanceof VxmigError && error.code === 'NOT_FOUND';
}

async function openLab(
  rubric: Rubric,
  submission: Topology,
  options: ExamOptions,
): Promise<Extract<Exam, { kind: 'open' }>> {
  const { labName: name, emit, bus, signal } = options;
  const lab = await freshLab(examTopology(submission, rubric), { name, emit, signal });
  let eyes: HostEyes | null = null;
  const close = async () => {
    eyes?.controller.close();
    await lab.close();
  };
  try {
    const controller = await Controller.connect(lab.topology, emit);
    const { probes: watchers } = rubric.reference ?? submission;
    eyes = eyesOn(controller, { ...options, lab: name, watchers });
    const request = { ...DEFAULT_LOCK, work: 'grade', emit, signal };
    await controller.locked(
      request,
      async (locked) => await apply(controller, { emit, bus, signal: locked, bootTimeoutMs: BOOT_TIMEOUT_MS }),
    );
    return { kind: 'open', eyes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function eyesOn(
  controller: Controller,
  {
    lab,
    watchers,
    live,
    emit,
    bus,
    signal,
  }: Pick<ExamOptions, 'live' | 'emit' | 'bus' | 'signal'> & {
    readonly lab: string | null;
    readonly watchers: Topology['probes'];
  },
): HostEyes {
  return new HostEyes(controller, {
    lab,
    fromOutside: live && lab !== null,
    signal,
    migrate: async (current, question) => {
      const moved = await move(current, question, { emit, bus, signal });
      if (moved.result === null) return moved;
      const ping = moved.result.ping.filter((figures) => isWatcher(watchers, figures));
      return { ...moved, result: { ...moved.result, ping } };
    },
  });
}

/** As `vxmig migrate` does it. The hosts are seen by the controller whose topology has the VM where it is. */
async function move(
  before: Controller,
  { vm, to, strategy }: { readonly vm: string; readonly to: string; readonly strategy: StrategyName | null },
  { emit, bus, signal }: Pick<ExamOptions, 'emit' | 'bus' | 'signal'>,
) {
  const after = await Controller.connect(withVmsAt(before.topology, [[vm, to]]), emit);
  let hasMoved = false;
  try {
    const result = await after.locked({ ...DEFAULT_LOCK, work: `migrate ${vm} of`, emit, signal }, async (locked) => {
      const plan = await after.plan();
      const migration = plan.migrations.find((one) => one.vm === vm);
      if (migration === undefined) {
        if (runsOn(after, vm, to)) return null;
        if (isThere(after, vm)) throw new Error(`${vm} was not made by vxmig, and is not moved by it`);
        throw new SubmissionFault(`${vm} does not run on any host`);
      }
      const overrides = strategy === null ? {} : { strategy };
      const movers = new Movers(after, plan.current);
      return (await movers.move({ ...migration, bus, signal: locked, overrides })).result;
    });
    hasMoved = result?.outcome === 'migrated';
    return { result, controller: hasMoved ? after : before };
  } finally {
    (hasMoved ? before : after).close();
  }
}

/** By the last look, and whoever has made it. */
function isThere({ topology, sessions }: Controller, vm: string): boolean {
  return [...sessions.values()].some(({ observed }) => tapsOf(topology, observed).some((tap) => tap.vm === vm));
}
