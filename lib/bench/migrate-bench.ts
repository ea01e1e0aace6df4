import { Controller } from '../controller/controller.js';
import type { BenchPeer, FailedRun, MigrateBench, MigrateTool, MissingContender } from '../model/bench-result.js';
import { MIGRATE_TOOLS } from '../model/bench-result.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { Topology } from '../model/topology.js';
import { withVmsAt } from '../plan/plan.js';
import { delayCurve } from './delay-curve.js';
import { allFigures, ratiosOf, worseThanPeers } from './figures.js';
import { suspend, wake, whereIs } from './guests.js';
import type { MeasuredRun } from './measured-run.js';
import { Ovn } from './ovn.js';
import { plainMigrate, virshArgv } from './plain-virsh.js';
import { timedRun, vxmigArgv } from './program.js';
import type { Move } from './topology.js';
import { turns } from './turns.js';
import { vxmigMigrate } from './vxmig-run.js';

/** Who fails so often is given up: the rest is still measured. */
const FAILURES_ALLOWED = 1;

export interface BenchPart {
  /** As its hosts can be reached. */
  readonly topology: Topology;
  readonly file: string;
  readonly runs: number;
  /** Where vxmig may keep its runs; nobody's history gets a bench's. */
  readonly stateDirectory: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface MigratePart extends BenchPart {
  readonly move: Move;
  readonly against: readonly BenchPeer[];
}

/**
 * The VM goes there and back, moved by all contenders in turn, so that all meet the same machine in the same state.
 * @throws VxmigError where vxmig itself, or what all share, cannot be measured
 */
export async function benchMigrate(part: MigratePart): Promise<MigrateBench> {
  await timedRun(vxmigArgv('--quiet', 'apply', part.file), { signal: part.signal });
  const controller = await Controller.connect(part.topology, part.emit);
  try {
    await controller.plan();
    return await new MigrateBencher(part, controller).run();
  } finally {
    controller.close();
  }
}

class MigrateBencher {
  readonly #measured: MeasuredRun[] = [];
  readonly #missing: MissingContender[] = [];
  readonly #failures: FailedRun[] = [];
  readonly #contenders: readonly MigrateTool[];
  #ovn: Ovn | null = null;
  /** Where the two VMs are. */
  #place: string;
  #ovnPlace: string;

  constructor(
    private readonly part: MigratePart,
    private readonly controller: Controller,
  ) {
    const asked: readonly MigrateTool[] = ['vxmig', ...part.against];
    this.#contenders = MIGRATE_TOOLS.filter((tool) => asked.includes(tool));
    this.#place = part.move.vm.host;
    this.#ovnPlace = part.move.vm.host;
  }

  async run(): Promise<MigrateBench> {
    try {
      if (this.#contenders.includes('ovn')) await this.#startOvn();
      const able = this.#contenders.filter((tool) => !this.#isMissing(tool));
      for (const [index, order] of turns(able, this.part.runs).entries()) {
        for (const tool of order) await this.#turn(tool, index + 1);
      }
      return this.#result();
    } finally {
      await this.#ovn?.stop();
    }
  }

  async #startOvn(): Promise<void> {
    const { emit, move, signal } = this.part;
    emit({ kind: 'note', text: 'starting OVN, with a VM of its own' });
    try {
      await suspend(this.controller, this.#place, move.vm.name);
      this.#ovn = await Ovn.start(this.controller, move.vm, move.to);
    } catch (error) {
      signal.throwIfAborted();
      this.#giveUp('ovn', error);
    }
  }

  async #turn(tool: MigrateTool, round: number): Promise<void> {
    const { signal, emit, runs } = this.part;
    signal.throwIfAborted();
    if (this.#isMissing(tool)) return;
    try {
      const measured = tool === 'ovn' ? await this.#ovnTurn() : await this.#sharedTurn(tool);
      this.#measured.push(measured);
      const { run } = measured;
      emit({
        kind: 'note',
        text:
          `${round}/${runs} ${tool}: ${run.from} to ${run.to} in ${Math.round(run.wallMs)} ms, ${run.pingsLost} ` +
          `of ${run.pingsSent} pings lost, longest wait ${Math.round(run.longestWaitMs ?? 0)} ms`,
      });
    } catch (error) {
      signal.throwIfAborted();
      await this.#failed(tool, round, error);
    }
  }

  async #ovnTurn(): Promise<MeasuredRun> {
    const { move, signal } = this.part;
    if (this.#ovn === null) throw new Error('OVN has a turn, and has not been started');
    await suspend(this.controller, this.#place, move.vm.name);
    await wake(this.controller, this.#ovnPlace, this.#ovn.domain);
    const [from, to] = [this.#ovnPlace, this.#otherEnd(this.#ovnPlace)];
    const measured = await this.#ovn.migrate({ from, to, signal });
    this.#ovnPlace = to;
    return measured;
  }

  async #sharedTurn(tool: Exclude<MigrateTool, 'ovn'>): Promise<MeasuredRun> {
    const { topology, file, move, signal, stateDirectory } = this.part;
    if (this.#ovn !== null) await suspend(this.controller, this.#ovnPlace, this.#ovn.domain);
    const vm = move.vm.name;
    await wake(this.controller, this.#place, vm);
    const [from, to] = [this.#place, this.#otherEnd(this.#place)];
    const current = withVmsAt(topology, [[vm, from]]);
    const measured =
      tool === 'virsh'
        ? await plainMigrate(this.controller, { current, vm, from, to, signal })
        : await vxmigMigrate({ topology, file, vm, to, redirect: tool === 'vxmig', stateDirectory, signal });
    this.#place = to;
    return measured;
  }

  /** The run does not count, and everything is put back to where the next one can begin. */
  async #failed(tool: MigrateTool, round: number, error: unknown): Promise<void> {
    const { emit, move, file, signal } = this.part;
    const message = messageOf(error);
    this.#failures.push({ tool, round, message });
    emit({ kind: 'warning', text: `${tool}: the migration of round ${round} failed: ${message}` });
    const failures = this.#failures.filter((failure) => failure.tool === tool).length;
    if (failures > FAILURES_ALLOWED) this.#giveUp(tool, error);
    if (tool === 'ovn') {
      this.#ovnPlace = move.vm.host;
      await this.#ovn?.restart(this.#ovnPlace).catch((again: unknown) => this.#giveUp('ovn', again));
      return;
    }
    const place = await whereIs(this.controller, move.vm.name);
    if (place !== null) {
      this.#place = place;
      return;
    }
    await timedRun(vxmigArgv('--quiet', 'apply', file), { signal });
    this.#place = move.vm.host;
  }

  #giveUp(tool: MigrateTool, error: unknown): void {
    if (this.#isMissing(tool)) return;
    const hint = error instanceof VxmigError ? error.hint : '';
    this.#missing.push({ tool, why: messageOf(error), hint });
    this.part.emit({ kind: 'warning', text: `${tool} takes no (further) part: ${messageOf(error)}` });
  }

  #isMissing(tool: MigrateTool): boolean {
    return this.#missing.some((missing) => missing.tool === tool);
  }

  #otherEnd(place: string): string {
    const { vm, to } = this.part.move;
    return place === to ? vm.host : to;
  }

  #result(): MigrateBench {
    const { topology, move } = this.part;
    const runs = this.#measured.map(({ run }) => run);
    if (!runs.some((run) => run.tool === 'vxmig')) {
      const why = this.#failures.find((failure) => failure.tool === 'vxmig')?.message ?? 'it had no turn';
      throw new VxmigError('MIGRATION_FAILED', `vxmig could not be measured: ${why}`, { where: move.vm.name });
    }
    const figures = allFigures(runs);
    const ran = this.#contenders.filter((tool) => runs.some((run) => run.tool === tool));
    const virsh = (domain: string) => virshArgv(this.controller, { domain, to: move.to }).join(' ');
    const ends = { from: move.vm.host, to: move.to };
    return {
      vm: move.vm.name,
      memoryBytes: move.vm.memoryBytes,
      probes: topology.probes
        .filter((probe) => probe.to === move.vm.name && probe.from.kind === 'host')
        .map((probe) => `${probe.from.name} every ${probe.intervalMs} ms`),
      virshCommand: virsh(move.vm.name),
      ovnCommands: this.#ovn?.commands(ends, virsh(this.#ovn.domain)) ?? [],
      contenders: this.#contenders,
      missing: this.#missing,
      failures: this.#failures,
      figures,
      ratios: ratiosOf({ figures, contenders: this.#contenders }),
      worse: worseThanPeers({ figures, contenders: this.#contenders }),
      curves: Object.fromEntries(
        ran.map((tool) => [
          tool,
          delayCurve(this.#measured.filter(({ run }) => run.tool === tool).map(({ record }) => record)),
        ]),
      ),
      runs,
    };
  }
}
