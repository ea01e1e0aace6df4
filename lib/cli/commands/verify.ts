import { Controller } from '../../controller/controller.js';
import { verify } from '../../controller/verify.js';
import { VxmigError } from '../../model/errors.js';
import { checksText } from '../../report/checks-text.js';
import type { CommandContext } from '../context.js';
import { reachableTopology } from './topology-file.js';

export async function verifyCommand(context: CommandContext, file: string): Promise<number> {
  const controller = await Controller.connect(await reachableTopology(file), context.emit);
  try {
    const checks = await verify(controller);
    const failed = checks.filter((check) => !check.ok);
    context.output.result({ ok: failed.length === 0, checks }, checksText(checks, context.output.style));
    if (failed.length === 0) return 0;
    throw new VxmigError(
      'CHECKS_FAILED',
      `${failed.length} of ${checks.length} checks failed: ${failed.map((check) => check.name).join(', ')}`,
    );
  } finally {
    controller.close();
  }
}
