import { labDown } from '../../lab/down.js';
import { labExec } from '../../lab/exec.js';
import { labList } from '../../lab/list.js';
import { labStatus } from '../../lab/status.js';
import { labUp } from '../../lab/up.js';
import { VxmigError } from '../../model/errors.js';
import { labListText, labStatusText } from '../../report/lab-text.js';
import { readTopology } from '../../topology/read.js';
import type { CommandContext } from '../context.js';
import { labNameOf } from './lab-name.js';

export async function labUpCommand(
  context: CommandContext,
  file: string,
  { kvm }: { readonly kvm: boolean },
): Promise<number> {
  const { topology } = await readTopology(file);
  const { signal, output } = context;
  const { name, management, hosts, warnings } = await labUp(topology, context.emit, { signal, kvm });
  const list = hosts.map((host) => ({ name: host.name, managementAddress: host.managementAddress }));
  const addresses = list.map((host) => `  ${host.name}  ${host.managementAddress}`).join('\n');
  output.result(
    { ok: true, name, management: management.cidr, hosts: list, warnings },
    `Lab ${name} is up:\n${addresses}\nNext: vxmig apply ${file}`,
  );
  return 0;
}

export async function labDownCommand(context: CommandContext, fileOrName: string): Promise<number> {
  const { name, removed, left } = await labDown(await labNameOf(fileOrName), context.emit);
  if (left.length > 0) {
    throw new VxmigError('LAB', `of lab ${name} this is left: ${left.join(', ')}`, {
      where: name,
      hint: `Run \`vxmig lab down ${name}\` again.`,
    });
  }
  context.output.result({ ok: true, name, removed }, `Lab ${name} is gone.`);
  return 0;
}

/** @throws VxmigError LAB after the result, where a machine is down or a daemon does not answer */
export async function labStatusCommand({ output }: CommandContext, fileOrName: string): Promise<number> {
  const status = await labStatus(await labNameOf(fileOrName));
  output.result({ ok: status.healthy, ...status }, labStatusText(status, output.style));
  if (status.healthy) return 0;
  throw new VxmigError('LAB', `lab ${status.name} is not whole`, {
    where: status.name,
    hint: '`vxmig lab up FILE` starts what is missing.',
  });
}

/** Resolves to the command's own exit status. */
export async function labExecCommand(
  { output }: CommandContext,
  fileOrName: string,
  host: string,
  command: readonly string[],
): Promise<number> {
  if (output.options.json) {
    throw new VxmigError('USAGE', '--json is of no use here: stdout belongs to the command', {
      where: 'vxmig lab exec',
      hint: 'Leave --json out, or put it behind `--` if the command shall get it.',
    });
  }
  return await labExec(await labNameOf(fileOrName), host, command);
}

export async function labListCommand({ output }: CommandContext): Promise<number> {
  const labs = await labList();
  const none = 'No lab is up. Next: vxmig lab up topologies/two-subnets.yaml';
  output.result({ ok: true, labs }, labs.length === 0 ? none : labListText(labs, output.style));
  return 0;
}
