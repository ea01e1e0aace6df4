import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller } from '../controller/controller.js';
import { everySession } from '../controller/every-session.js';
import { sshDirectory } from '../lab/lab-directory.js';
import type { ApplyBench, ApplyRun } from '../model/bench-result.js';
import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
import { bridgeName } from '../model/names.js';
import { networkFacts } from '../network/ovs/facts.js';
import { applyFigures } from './figures.js';
import type { BenchPart } from './migrate-bench.js';
import { timedRun, vxmigArgv } from './program.js';
import { byHandScript } from './script.js';

/**
 * The topology's networks are made again and again from nothing: by a script, by vxmig, and by vxmig once more when all
 * is there. What all of them find there is the lab's underlay; VMs come later.
 */
export async function benchApply(part: BenchPart): Promise<ApplyBench> {
  const { topology, emit, signal } = part;
  await timedRun(vxmigArgv('--quiet', 'apply', part.file), { signal });
  const controller = await Controller.connect(topology, emit);
  try {
    await controller.plan();
    const observed = [...controller.sessions.values()].map((session) => session.observed);
    const facts = networkFacts(topology, observed);
    const script = byHandScript(topology, { sshConfig: join(sshDirectory(topology.name), 'config'), facts });
    const scriptFile = join(part.stateDirectory, 'by-hand.sh');
    await writeFile(scriptFile, script);
    const byHand = async (): Promise<ApplyRun[]> => {
      await removeBridges(controller);
      return [{ way: 'script', wallMs: (await timedRun(['sh', scriptFile], { signal })).wallMs }];
    };
    const byVxmig = async (): Promise<ApplyRun[]> => {
      await removeBridges(controller);
      return [
        { way: 'first', wallMs: await applied(part, 'something') },
        { way: 'again', wallMs: await applied(part, 'nothing') },
      ];
    };
    const runs: ApplyRun[] = [];
    for (let round = 0; round < part.runs; round += 1) {
      for (const way of round % 2 === 0 ? [byHand, byVxmig] : [byVxmig, byHand]) runs.push(...(await way()));
      const latest = runs.slice(-3).map((run) => `${run.way} ${Math.round(run.wallMs)} ms`);
      emit({
        kind: 'note',
        text: `${round + 1}/${part.runs} networks on ${topology.hosts.length} hosts: ${latest.join(', ')}`,
      });
    }
    // The script's bridges are not vxmig's, which would refuse to touch them.
    await removeBridges(controller);
    return { hosts: topology.hosts.length, script, figures: applyFigures(runs), runs };
  } finally {
    controller.close();
  }
}

/**
 * @throws VxmigError APPLY_FAILED where there was nothing to do, or something, and it was to be otherwise: the figure
 * would be of another thing
 */
async function applied(part: BenchPart, expected: 'something' | 'nothing'): Promise<number> {
  const { wallMs, stdout } = await timedRun(vxmigArgv('--json', '--quiet', 'apply', part.file), {
    signal: part.signal,
  });
  const { changes } = JSON.parse(stdout) as { readonly changes: readonly Change[] };
  refuseOther(changes, expected, { did: 'apply made', where: part.file });
  return wallMs;
}

/** @throws VxmigError APPLY_FAILED where there was nothing to do, or something, and it was to be otherwise */
export function refuseOther(
  changes: readonly Change[],
  expected: 'something' | 'nothing',
  { did, where }: { readonly did: string; readonly where: string },
): void {
  if ((changes.length === 0) === (expected === 'nothing')) return;
  const message = `${did} ${changes.length} changes where there should be ${expected} to do`;
  throw new VxmigError('APPLY_FAILED', message, { where });
}

/** Whoever has made them. */
export async function removeBridges(controller: Controller): Promise<void> {
  const { topology } = controller;
  const argv = topology.networks.flatMap((network) => [
    '--',
    '--if-exists',
    'del-br',
    bridgeName(topology.name, network.name),
  ]);
  await everySession([...controller.sessions.values()], async ({ shell }) => {
    await shell.run(['ovs-vsctl', ...argv.slice(1)]);
  });
}
