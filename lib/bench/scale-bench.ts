import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller } from '../controller/controller.js';
import { sshDirectory } from '../lab/lab-directory.js';
import type { Emit } from '../model/event.js';
import type { LabEvent } from '../model/lab-event.js';
import type { ScaleResult, ScaleRun, ScaleSize } from '../model/scale-result.js';
import type { Topology } from '../model/topology.js';
import { VERSION } from '../model/version.js';
import { networkFacts } from '../network/ovs/facts.js';
import { parseTopology } from '../topology/read.js';
import { withLab } from './lab.js';
import { observeMachine } from './machine.js';
import { memoryMeter } from './peak-memory.js';
import { timedRun, vxmigArgv } from './program.js';
import { scaleFigures, scaleVerdicts } from './scale-figures.js';
import { type ScaleMesh, scaleRound } from './scale-round.js';
import { scaleTopology } from './scale-topology.js';
import { byHandScript } from './script.js';

export interface ScaleOptions {
  /** How many hosts each lab has. */
  readonly sizes: readonly number[];
  readonly meshes: readonly string[];
  /** How often each thing is measured. */
  readonly runs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * What plan, apply and verify take as a lab grows, against a script of one ovs-vsctl per host. One lab after the other,
 * each built and removed by this call, also when it fails.
 * @throws VxmigError
 */
export async function scaleBench(options: ScaleOptions): Promise<ScaleResult> {
  const startedAt = new Date();
  const directory = await mkdtemp(join(tmpdir(), 'vxmig-bench-'));
  try {
    const machine = await observeMachine();
    // All of them before the first lab: a mesh that does not exist is better said at once.
    const labs = await Promise.all(
      [...options.sizes].sort((a, b) => a - b).map((hosts) => topologiesOf(hosts, options.meshes, directory)),
    );
    const sizes: ScaleSize[] = [];
    for (const lab of labs) sizes.push(...(await benchSize(lab, directory, options)));
    return {
      ok: true,
      vxmig: VERSION,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      machine,
      sizes,
      verdicts: scaleVerdicts(sizes),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The same hosts, joined in different ways. */
interface MeshTopology {
  readonly mesh: string;
  readonly file: string;
  readonly topology: Topology;
}

/** @throws VxmigError TOPOLOGY_INVALID for a mesh that there is not */
async function topologiesOf(hosts: number, meshes: readonly string[], directory: string): Promise<MeshTopology[]> {
  // The process id: whoever else measures on this machine has labs of his own.
  const name = `bench-scale-${hosts}-${process.pid}`;
  return await Promise.all(
    meshes.map(async (mesh) => {
      const file = join(directory, `${hosts}-${mesh}.yaml`);
      const text = scaleTopology({ name, hosts, mesh });
      await writeFile(file, text);
      return { mesh, file, topology: parseTopology(text, file) };
    }),
  );
}

async function benchSize(
  topologies: readonly MeshTopology[],
  directory: string,
  { runs, emit, signal }: ScaleOptions,
): Promise<ScaleSize[]> {
  const [first] = topologies;
  if (first === undefined) return [];
  let labUpMs = 0;
  const listen = (event: LabEvent) => {
    if (event.kind === 'lab-up') labUpMs = event.durationMs;
    emit(event);
  };
  return await withLab(first.topology, { emit: listen, signal }, async (reachable) => {
    const loadBefore = loadavg()[0] ?? 0;
    const meter = await memoryMeter(directory);
    // All find the underlay there, which the script does not make.
    await timedRun(vxmigArgv('--quiet', 'apply', first.file), { signal });
    const controller = await Controller.connect(reachable, emit);
    try {
      const meshes = await withScripts(controller, topologies);
      const done: ScaleRun[] = [];
      for (let round = 0; round < runs; round += 1) {
        // Each begins once, so that all meet the same machine in the same states.
        const start = round % meshes.length;
        for (const mesh of [...meshes.slice(start), ...meshes.slice(0, start)]) {
          const latest = await scaleRound(mesh, round, { controller, meter, signal });
          done.push(...latest);
          emit({ kind: 'note', text: noteOf(latest, `${round + 1}/${runs} ${first.topology.hosts.length} hosts`) });
        }
      }
      return topologies.map(({ mesh, topology }) => {
        const place = { hosts: topology.hosts.length, mesh };
        return { ...place, runs, labUpMs, loadBefore, figures: scaleFigures(done, place) };
      });
    } finally {
      controller.close();
    }
  });
}

/** With the scripts that do by hand what vxmig does. */
async function withScripts(controller: Controller, topologies: readonly MeshTopology[]): Promise<ScaleMesh[]> {
  await controller.plan();
  const observed = [...controller.sessions.values()].map((session) => session.observed);
  const facts = networkFacts(controller.topology, observed);
  const sshConfig = join(sshDirectory(controller.topology.name), 'config');
  return await Promise.all(
    topologies.map(async ({ mesh, file, topology }) => {
      const script = `${file}.sh`;
      await writeFile(script, byHandScript(topology, { sshConfig, facts }));
      return { mesh, file, script };
    }),
  );
}

function noteOf(runs: readonly ScaleRun[], where: string): string {
  const words = runs.map(({ way, wallMs }) => `${way} ${Math.round(wallMs)} ms`);
  return `${where}, ${runs[0]?.mesh ?? ''} mesh: ${words.join(', ')}`;
}
