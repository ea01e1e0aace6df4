import type { HostShell } from '../../host/connection.js';
import { CommandError } from '../../model/errors.js';
import { parseTrace, type Trace, troubleOf } from '../../openflow/trace.js';

export interface TraceQuestion {
  /** Fields of the frame and where it comes in, as ovs-appctl reads them: `in_port=1,dl_dst=…`. */
  readonly flow: string;
  /** What is done with it first, in place of the first table: `resubmit(,30)`. */
  readonly actions?: string;
}

export interface TraceAnswer {
  readonly trace: Trace;
  /** What keeps the frame from leaving, in words; null: nothing does. */
  readonly problem: string | null;
  readonly text: string;
}

const MARK = '=== vxmig trace';

const SCRIPT = `bridge=$1; shift
while [ $# -gt 0 ]; do
  echo '${MARK}'
  if [ -n "$2" ]; then ovs-appctl ofproto/trace-packet-out "$bridge" "$1" "$2" 2>&1
  else ovs-appctl ofproto/trace "$bridge" "$1" 2>&1; fi
  shift 2
done
exit 0`;

/**
 * Asks a bridge what it would do with frames; none is sent and nothing is learned (ovs-vswitchd(8), "ofproto/trace").
 * @throws CommandError where the switch does not know the bridge or a field
 */
export async function traceFrames(
  shell: HostShell,
  bridge: string,
  questions: readonly TraceQuestion[],
): Promise<TraceAnswer[]> {
  const answers: TraceAnswer[] = [];
  for (let first = 0; first < questions.length; first += AT_ONCE)
    answers.push(...(await traceSome(shell, bridge, questions.slice(first, first + AT_ONCE))));
  return answers;
}

/** Of a command line that a shell is given as one word the kernel takes 128 KiB (execve(2), MAX_ARG_STRLEN). */
const AT_ONCE = 100;

async function traceSome(
  shell: HostShell,
  bridge: string,
  questions: readonly TraceQuestion[],
): Promise<TraceAnswer[]> {
  const argv = ['sh', '-c', SCRIPT, 'sh', bridge, ...questions.flatMap(({ flow, actions = '' }) => [flow, actions])];
  const { stdout } = await shell.run(argv);
  const texts = stdout.split(`${MARK}\n`).slice(1);
  return questions.map(({ flow }, index) => {
    const text = texts[index]?.trim() ?? '';
    const trace = parseTrace(text);
    if (trace === null) throw new CommandError(shell.name, ['ovs-appctl', 'ofproto/trace', bridge, flow], 2, text);
    return { trace, problem: troubleOf(trace), text };
  });
}
