import type { Controller } from '../controller/controller.js';
import type { ScaleRun, ScaleWay } from '../model/scale-result.js';
import { refuseOther, removeBridges } from './apply-bench.js';
import type { MemoryMeter } from './peak-memory.js';
import { timedRun, vxmigArgvUnder } from './program.js';

/** The files of one way to join the hosts. */
export interface ScaleMesh {
  readonly mesh: string;
  readonly file: string;
  readonly script: string;
}

export interface ScaleRoundOptions {
  /** Clears the hosts between the turns. */
  readonly controller: Controller;
  readonly meter: MemoryMeter;
  readonly signal: AbortSignal;
}

/**
 * One turn of the script and one of vxmig, in an order that changes with every round, each on hosts that have nothing
 * but their underlay.
 * @throws CommandError where one fails, a check of verify too; VxmigError APPLY_FAILED where there was something to do,
 *   or nothing, and it was to be otherwise: the figure would be of another thing
 */
export async function scaleRound(
  { mesh, file, script }: ScaleMesh,
  round: number,
  { controller, meter, signal }: ScaleRoundOptions,
): Promise<ScaleRun[]> {
  const vxmig = async (way: ScaleWay, command: 'plan' | 'apply' | 'verify'): Promise<ScaleRun> => {
    const argv = vxmigArgvUnder(meter.options, ['--json', '--quiet', command, file]);
    const { wallMs, stdout } = await timedRun(argv, { signal });
    if (command !== 'verify') {
      const expected = way === 'again' || way === 'plan-again' ? 'nothing' : 'something';
      refuseOther(JSON.parse(stdout).changes, expected, { did: `${way} found`, where: way });
    }
    return { way, mesh, wallMs, peakBytes: await meter.peakBytes() };
  };
  const byHand = async (): Promise<ScaleRun[]> => {
    await removeBridges(controller);
    const { wallMs } = await timedRun(['sh', script], { signal });
    return [{ way: 'script', mesh, wallMs, peakBytes: null }];
  };
  const byVxmig = async (): Promise<ScaleRun[]> => {
    await removeBridges(controller);
    return [
      await vxmig('plan', 'plan'),
      await vxmig('first', 'apply'),
      await vxmig('again', 'apply'),
      await vxmig('plan-again', 'plan'),
      await vxmig('verify', 'verify'),
    ];
  };
  const runs: ScaleRun[] = [];
  for (const turn of round % 2 === 0 ? [byHand, byVxmig] : [byVxmig, byHand]) runs.push(...(await turn()));
  // The script's bridges are not vxmig's, which would refuse to touch them.
  await removeBridges(controller);
  return runs;
}
