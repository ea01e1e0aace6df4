import { Controller } from '../controller/controller.js';
import { totalsOf } from '../model/change.js';
import { changesText, totalsText } from '../report/changes-text.js';
import type { CommandContext } from './context.js';
import { reachableTopology } from './topology-file.js';

const CHANGES_PENDING = 2;

export async function planCommand(
  context: CommandContext,
  file: string,
  options: { readonly detailedExitcode: boolean },
): Promise<number> {
  const controller = await Controller.connect(await reachableTopology(file), context.emit);
  try {
    const { changes } = await controller.plan();
    const text =
      changes.length === 0
        ? 'No changes: the hosts hold what the topology says.'
        : `${changesText(changes, context.output.style)}\n\n${totalsText(changes)}`;
    context.output.result({ ok: true, changes, totals: totalsOf(changes) }, text);
    return options.detailedExitcode && changes.length > 0 ? CHANGES_PENDING : 0;
  } finally {
    controller.close();
  }
}
