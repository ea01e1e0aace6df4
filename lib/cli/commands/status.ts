import { Controller } from '../../controller/controller.js';
import { status } from '../../controller/status.js';
import { VxmigError } from '../../model/errors.js';
import { statusText } from '../../report/status-text.js';
import type { CommandContext } from '../context.js';
import { reachableTopology } from './topology-file.js';

export async function statusCommand(context: CommandContext, file: string): Promise<number> {
  const { controller, failures } = await Controller.connectAny(await reachableTopology(file), context.emit);
  try {
    const seen = await status(controller, failures);
    context.output.result(seen, statusText(seen, context.output.style));
    if (failures.length === 0) return 0;
    throw new VxmigError('SSH_CONNECT', `${failures.length} of ${seen.hosts.length} hosts cannot be reached`, {
      where: failures.map((failure) => failure.host).join(', '),
    });
  } finally {
    controller.close();
  }
}
