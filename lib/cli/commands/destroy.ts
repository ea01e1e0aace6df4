import { createInterface } from 'node:readline/promises';
import { Controller } from '../../controller/controller.js';
import { destroy, namesKnownTo, planDestruction } from '../../controller/destroy.js';
import type { LockOptions } from '../../controller/host-locks.js';
import { VxmigError } from '../../model/errors.js';
import type { Topology } from '../../model/topology.js';
import { changesText } from '../../report/changes-text.js';
import type { CommandContext } from '../context.js';
import { type SaidHosts, topologyToDestroy } from './destroy-target.js';

export interface DestroyOptions {
  readonly yes: boolean;
  readonly disks: boolean;
  readonly lock: LockOptions;
  readonly said: SaidHosts;
}

export async function destroyCommand(
  context: CommandContext,
  fileOrName: string,
  options: DestroyOptions,
): Promise<number> {
  const topology = await topologyToDestroy(fileOrName, options.said);
  const controller = await connectAll(topology, context);
  let kept: readonly string[] = [];
  try {
    const request = { ...options.lock, work: 'destroy', emit: context.emit, signal: context.signal };
    // Who is asked takes his time: others must not change meanwhile what he sees.
    const changes = await controller.locked(request, async () => {
      const plans = await planDestruction(controller, options.disks ? 'removed' : 'kept');
      kept = [...plans.values()].flatMap((plan) => plan.kept.map(({ place }) => place));
      const planned = [...plans.values()].flatMap((plan) => plan.changes);
      // A name that was typed wrong must not look like one of which nothing is left.
      if (planned.length === 0 && options.said.hosts.length > 0) throw unknownName(controller);
      if (
        planned.length > 0 &&
        !options.yes &&
        process.stdin.isTTY &&
        !(await confirmed(changesText(planned, context.output.style)))
      ) {
        throw new VxmigError('INTERRUPTED', 'nothing was removed', { hint: 'Answer `yes`, or say --yes.' });
      }
      return await destroy(controller, plans, context.emit);
    });
    const text =
      changes.length === 0
        ? `Nothing to do: ${topology.name} has nothing on these hosts.`
        : changesText(changes, context.output.style);
    context.output.result({ ok: true, changes, kept }, [text, ...keptText(kept)].join('\n'));
    return 0;
  } finally {
    controller.close();
  }
}

/** All of the hosts or none: a topology of which a part is gone is harder to look after than a whole one. */
async function connectAll(topology: Topology, context: CommandContext): Promise<Controller> {
  return await Controller.connect(topology, context.emit).catch((cause: unknown) => {
    if (!(cause instanceof VxmigError)) throw cause;
    const { code, message, hint, where } = cause;
    throw new VxmigError(code, `${message}; nothing was removed, on no host`, {
      hint,
      cause,
      ...(where === undefined ? {} : { where }),
    });
  });
}

function unknownName(controller: Controller): VxmigError {
  const { name, hosts } = controller.topology;
  const known = namesKnownTo(controller);
  const others = known.length === 0 ? "nothing there is vxmig's" : `what is there belongs to: ${known.join(', ')}`;
  const where = hosts.map((host) => host.name).join(', ');
  return new VxmigError('NOT_FOUND', `nothing on ${where} belongs to a topology called ${name}; ${others}`, {
    where: name,
    hint: 'Check the name, and that these are its hosts; where it has been destroyed already there is nothing to do.',
  });
}

/** What a guest has written may be the only copy of it. */
function keptText(places: readonly string[]): string[] {
  if (places.length === 0) return [];
  return ['', 'Kept, with what the guests have written (--disks removes it):', ...places.map((place) => `  ${place}`)];
}

async function confirmed(list: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${list}\n\nRemove all of this? Only \`yes\` counts: `)).trim() === 'yes';
  } finally {
    terminal.close();
  }
}
