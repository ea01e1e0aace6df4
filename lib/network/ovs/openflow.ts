import type { HostShell, RunOptions, RunResult } from '../../host/connection.js';
import type { Command } from '../../model/command.js';
import { CommandError, messageOf, VxmigError } from '../../model/errors.js';
import type { Action } from '../../openflow/action.js';
import { renderActions } from '../../openflow/action-text.js';
import type { FlowDiff } from '../../openflow/diff.js';
import { renderBundle } from '../../openflow/diff.js';
import type { Flow } from '../../openflow/flow.js';
import {
  DUMP_OPTIONS,
  OFCTL_PATIENCE,
  OFCTL_TIMED_OUT,
  OPENFLOW_VERSION,
  parseCountedFlows,
  parseFlows,
} from '../../openflow/text.js';

/**
 * All flows of some bridges, in one session. A bridge that does not exist has none. @throws VxmigError HOST_UNFIT where
 * the switch does not answer
 */
export async function dumpFlows(shell: HostShell, bridges: readonly string[]): Promise<Map<string, Flow[]>> {
  if (bridges.length === 0) return new Map();
  const script =
    `for bridge; do echo "=== $bridge"; ovs-ofctl ${DUMP_OPTIONS.join(' ')} dump-flows "$bridge" 2>/dev/null || ` +
    `[ $? -ne ${OFCTL_TIMED_OUT} ] || exit ${OFCTL_TIMED_OUT}; done; exit 0`;
  const { stdout } = await ask(shell, ['sh', '-c', script, 'sh', ...bridges]);
  const parts = stdout.split(/^=== (.+)$/m);
  return new Map(bridges.map((bridge) => [bridge, readFlows(shell.name, parts[parts.indexOf(bridge) + 1] ?? '')]));
}

/** The flows in what ovs-ofctl on `host` has printed. @throws VxmigError HOST_UNFIT */
export function readFlows(host: string, text: string): Flow[] {
  try {
    return parseFlows(text);
  } catch (cause) {
    const message = `ovs-ofctl on ${host} printed what is no flow: ${messageOf(cause).slice(0, 400)}`;
    throw new VxmigError('HOST_UNFIT', message, { where: host, cause });
  }
}

export interface CountedFlow {
  readonly flow: Flow;
  /** As the switch has counted them so far; frames of the last half second may be missing. */
  readonly packets: number;
}

/** A bridge's flows of some tables with what they took. A bridge that does not exist has none. */
export async function countedFlows(
  shell: HostShell,
  bridge: string,
  tables: readonly number[],
): Promise<readonly CountedFlow[]> {
  const script =
    `for table in $2; do ovs-ofctl ${OFCTL_PATIENCE} -O ${OPENFLOW_VERSION} --no-names dump-flows "$1" ` +
    '"table=$table" 2>/dev/null; done; exit 0';
  const { stdout } = await shell.run(['sh', '-c', script, 'sh', bridge, tables.join(' ')]);
  return parseCountedFlows(stdout);
}

/** Removes the flows of one table for some destination MACs (all, or those with a cookie), and says what they were. */
export async function removeFlows(
  shell: HostShell,
  bridge: string,
  { table, macs, cookie }: { readonly table: number; readonly macs: readonly string[]; readonly cookie?: bigint },
): Promise<string[]> {
  const script =
    `bridge=$1; shift; for flow; do ovs-ofctl ${DUMP_OPTIONS.join(' ')} dump-flows "$bridge" "$flow" && ` +
    `ovs-ofctl ${OFCTL_PATIENCE} -O ${OPENFLOW_VERSION} del-flows "$bridge" "$flow" || exit; done`;
  const owner = cookie === undefined ? '' : `cookie=0x${cookie.toString(16)}/-1,`;
  const flows = macs.map((mac) => `${owner}table=${table},dl_dst=${mac}`);
  const { stdout } = await ask(shell, ['sh', '-c', script, 'sh', bridge, ...flows]);
  return stdout.split('\n').flatMap((line) => (line.includes('actions=') ? [line.trim()] : []));
}

/** Changes flows as one: no frame meets half of them (OpenFlow 1.4 bundles). */
export async function changeFlows(shell: HostShell, bridge: string, diff: FlowDiff): Promise<void> {
  const { argv, stdin } = flowCommand(bridge, diff);
  const [program = '', ...rest] = argv;
  await ask(shell, [program, OFCTL_PATIENCE, ...rest], { stdin });
}

/** Has the switch do that with a frame, as if its own port had sent it. @param frame in hexadecimal */
export async function packetOut(
  shell: HostShell,
  bridge: string,
  { frame, actions }: { readonly frame: string; readonly actions: readonly Action[] },
): Promise<void> {
  const what = `in_port=LOCAL, packet=${frame}, actions=${renderActions(actions)}`;
  await ask(shell, ['ovs-ofctl', OFCTL_PATIENCE, '-O', OPENFLOW_VERSION, 'packet-out', bridge, what]);
}

export function flowCommand(bridge: string, diff: FlowDiff): Required<Command> {
  const argv = ['ovs-ofctl', '-O', OPENFLOW_VERSION, '--bundle', 'add-flows', bridge, '-'];
  return { argv, stdin: renderBundle(diff) };
}

/** @throws CommandError; VxmigError HOST_UNFIT where the switch took the connection and did not answer */
async function ask(shell: HostShell, argv: readonly string[], options?: RunOptions): Promise<RunResult> {
  try {
    return await shell.run(argv, options);
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.exitCode !== OFCTL_TIMED_OUT) throw cause;
    throw new VxmigError('HOST_UNFIT', `Open vSwitch on ${shell.name} takes connections and does not answer`, {
      where: shell.name,
      hint:
        'Start ovsdb-server anew where it has stopped, without which the switch answers nobody: `systemctl ' +
        'restart openvswitch-switch`, in a lab `vxmig lab up FILE`.',
      cause,
    });
  }
}
