import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Controller } from '../controller/controller.js';
import { destroy, planDestruction } from '../controller/destroy.js';
import type { LockOptions } from '../controller/host-locks.js';
import { labSshSettings } from '../lab/connect.js';
import { VxmigError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import { changesText } from '../report/changes-text.js';
import type { CommandContext } from './context.js';
import { reachableTopology } from './topology-file.js';

export async function destroyCommand(
  context: CommandContext,
  fileOrName: string,
  options: { readonly yes: boolean; readonly lock: LockOptions },
): Promise<number> {
  const topology = existsSync(fileOrName) ? await reachableTopology(fileOrName) : await labByName(fileOrName);
  const controller = await Controller.connect(topology, context.emit);
  try {
    const request = { ...options.lock, work: 'destroy', emit: context.emit, signal: context.signal };
    // Who is asked takes his time: others must not change meanwhile what he sees.
    const changes = await controller.locked(request, async () => {
      const plans = await planDestruction(controller);
      const planned = [...plans.values()].flatMap((plan) => plan.changes);
      if (
        planned.length > 0 &&
        !options.yes &&
        process.stdin.isTTY &&
        !(await confirmed(changesText(planned, context.output.style)))
      ) {
        throw new VxmigError('INTERRUPTED', 'nothing was removed', { hint: 'Answer `yes`, or say --yes.' });
      }
      return await destroy(controller, plans);
    });
    const text =
      changes.length === 0
        ? `Nothing to do: ${topology.name} has nothing on these hosts.`
        : changesText(changes, context.output.style);
    context.output.result({ ok: true, changes }, text);
    return 0;
  } finally {
    controller.close();
  }
}

async function confirmed(list: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${list}\n\nRemove all of this? Only \`yes\` counts: `)).trim() === 'yes';
  } finally {
    terminal.close();
  }
}

/** Without the file only a lab's hosts are known; everything on them that is to go carries the topology's mark. */
async function labByName(name: string): Promise<Topology> {
  const settings = await labSshSettings(name).catch((cause: unknown) => {
    throw new VxmigError('NOT_FOUND', `there is neither a file nor a lab called ${name}`, {
      where: name,
      cause,
      hint: 'Name the topology file; `vxmig lab ls` lists the labs.',
    });
  });
  const hosts = [...settings].map(([host, ssh]) => ({
    name: host,
    underlay: '',
    addresses: [ssh.address],
    ssh,
    datapath: null,
  }));
  return { name, lab: {}, underlay: [], hosts, networks: [], vms: [], probes: [] };
}
