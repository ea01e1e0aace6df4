import t from 'tap';
import { makeVolume } from '../../../lib/host/volumes.js';
import { CommandError } from '../../../lib/model/errors.js';
import type { VolumeStep } from '../../../lib/model/volume-step.js';
import { ScriptedShell } from '../controller/scripted-shell.js';

const STEP: VolumeStep = {
  ...{ place: 'nfs://198.18.9.10/srv/vms/shop-web-0.raw', format: 'raw', sizeBytes: 1, base: null },
  mark: { topology: 'shop', vm: 'web', index: 0 },
};

const made = (status: number, stderr: string) => {
  const shell = new ScriptedShell('host-a').on(/^sh -s /, () => {
    throw new CommandError('host-a', ['sh', '-s'], status, stderr);
  });
  return makeVolume(shell, STEP);
};

t.test('where an image cannot be made the script says why, and what a person can do', async (t) => {
  await t.rejects(made(1, 'no room\nat all\nfix: Make room.\n'), {
    code: 'APPLY_FAILED',
    message: `${STEP.place}, for disk 1 of web of shop, could not be made on host-a: no room; at all`,
    hint: 'Make room.',
  });
  await t.rejects(made(1, 'it is there already\n'), { code: 'APPLY_FAILED', hint: /host-a/ });
  await t.rejects(made(137, 'killed'), { code: 'COMMAND_FAILED' });
});
