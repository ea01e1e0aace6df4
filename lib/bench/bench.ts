import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchPeer, BenchResult } from '../model/bench-result.js';
import type { Emit } from '../model/event.js';
import { VERSION } from '../model/version.js';
import { benchApply } from './apply-bench.js';
import { verdictsOn } from './figures.js';
import { withLab } from './lab.js';
import { observeMachine } from './machine.js';
import { benchMigrate } from './migrate-bench.js';
import { benchTopology, DEFAULT_TOPOLOGY } from './topology.js';

export type BenchPartName = 'migrate' | 'apply';

export interface BenchOptions {
  /** How often each thing is measured. */
  readonly runs: number;
  /** Left out: topologies/two-subnets.yaml. */
  readonly file?: string;
  /** Left out: both. */
  readonly only?: BenchPartName;
  /** Whom vxmig's migrations are measured against. */
  readonly against: readonly BenchPeer[];
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * vxmig against its peers: its migrations against OVN and plain `virsh migrate`, its apply against a script of
 * ovs-vsctl. Everything in one run, on one lab that this call builds and removes again, also when it fails.
 * @throws VxmigError
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const startedAt = new Date();
  const { runs, only, against, emit, signal } = options;
  const directory = await mkdtemp(join(tmpdir(), 'vxmig-bench-'));
  try {
    const machine = await observeMachine();
    const files = await benchTopology(options.file ?? DEFAULT_TOPOLOGY, directory);
    return await withLab(files.topology, { emit: options.emit, signal }, async (topology) => {
      const part = { runs, stateDirectory: directory, emit, signal };
      const networks = { ...files.networks, hosts: topology.hosts };
      const apply =
        only === 'migrate' ? null : await benchApply({ ...part, topology: networks, file: files.networksFile });
      const migrate =
        only === 'apply'
          ? null
          : await benchMigrate({ ...part, topology, file: files.file, move: files.move, against });
      return {
        ok: true,
        vxmig: VERSION,
        startedAt: startedAt.toISOString(),
        durationMs: Date.now() - startedAt.getTime(),
        topology: topology.name,
        machine,
        migrate,
        apply,
        verdicts: verdictsOn(migrate, apply),
      };
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
