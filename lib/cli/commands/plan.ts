import { Controller } from '../../controller/controller.js';
import { observeCpuBaseline } from '../../controller/cpu-baseline.js';
import { lookAhead } from '../../controller/obstructed-moves.js';
import { planScript } from '../../controller/plan-script.js';
import { type Change, totalsOf } from '../../model/change.js';
import { VxmigError } from '../../model/errors.js';
import type { ScriptStep } from '../../model/plan-script.js';
import type { Topology } from '../../model/topology.js';
import { baselineText } from '../../report/baseline-text.js';
import { changesText, totalsText } from '../../report/changes-text.js';
import { scriptText } from '../../report/script-text.js';
import type { Style } from '../../report/style.js';
import type { CommandContext } from '../context.js';
import { reachableTopology } from './topology-file.js';

const CHANGES_PENDING = 2;

export interface PlanFlags {
  readonly detailedExitcode: boolean;
  readonly asShell: boolean;
  /** Of the script only this host's part. */
  readonly host?: string;
  /** Of the script only this step. */
  readonly step?: ScriptStep;
  /** How many VMs may leave a host, and come to one, at a time; left out: as apply does by itself. */
  readonly parallel?: number;
}

export async function planCommand(context: CommandContext, file: string, options: PlanFlags): Promise<number> {
  refuseScriptOptionsAlone(options);
  const topology = await reachableTopology(file);
  refuseUnknownHost(topology, options);
  const controller = await Controller.connect(topology, context.emit);
  try {
    const planned = await controller.plan();
    const [{ plan }, cpuBaseline] = await Promise.all([
      lookAhead(controller, planned, options.parallel),
      observeCpuBaseline(controller),
    ]);
    const { changes, warnings, pending } = plan;
    for (const text of warnings) context.emit({ kind: 'warning', text });
    const sections = planScript(topology, plan, controller.plannedMoves(plan)).filter(
      ({ host, step }) => host === (options.host ?? host) && step === (options.step ?? step),
    );
    const forPeople = [changesOrNone(changes, context.output.style), ...baselineText(cpuBaseline)].join('\n\n');
    const text = options.asShell ? scriptText(sections) : forPeople;
    const document = { ok: true, changes, totals: totalsOf(changes), pending, warnings, cpuBaseline };
    context.output.result(options.asShell ? { ...document, shell: sections } : document, text);
    return options.detailedExitcode && changes.length > 0 ? CHANGES_PENDING : 0;
  } finally {
    controller.close();
  }
}

function changesOrNone(changes: readonly Change[], style: Style): string {
  if (changes.length === 0) return 'No changes: the hosts hold what the topology says.';
  return `${changesText(changes, style)}\n\n${totalsText(changes)}`;
}

function refuseScriptOptionsAlone({ asShell, host, step }: PlanFlags): void {
  if (asShell || (host === undefined && step === undefined)) return;
  throw new VxmigError('USAGE', '--host and --step choose from the script', { hint: 'Say --as-shell too.' });
}

function refuseUnknownHost(topology: Topology, { host }: PlanFlags): void {
  if (host === undefined || topology.hosts.some((candidate) => candidate.name === host)) return;
  const known = topology.hosts.map((candidate) => candidate.name).join(', ');
  throw new VxmigError('NOT_FOUND', `the topology has no host ${host}; it has: ${known}`, { where: host });
}
