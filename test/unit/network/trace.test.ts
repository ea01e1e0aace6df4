import t from 'tap';
import type { HostShell } from '../../../lib/host/connection.js';
import { shellLine } from '../../../lib/model/quote.js';
import { traceFrames } from '../../../lib/network/ovs/trace.js';
import { TO_TAP } from '../openflow/recorded-traces.js';

/** MAX_ARG_STRLEN of execve(2): sshd gives the command line to a shell as one word. */
const ONE_WORD_BYTES = 131_072;

t.test('however many frames are asked about, each is answered, and no command line is too long', async (t) => {
  const lengths: number[] = [];
  const run = async (argv: readonly string[]) => {
    lengths.push(shellLine(argv).length);
    const asked = (argv.length - 5) / 2;
    return { stdout: `=== vxmig trace\n${TO_TAP}\n`.repeat(asked), stderr: '', exitCode: 0 };
  };
  const shell = { name: 'here', run } as Partial<HostShell> as HostShell;
  const questions = Array.from({ length: 950 }, (_, port) => ({ flow: `in_port=1,tp_dst=${port},${'x'.repeat(300)}` }));
  const answers = await traceFrames(shell, 'br', questions);
  t.equal(answers.length, questions.length);
  t.ok(answers.every(({ trace }) => trace.outputs[0]?.ofport === 201));
  t.ok(lengths.length > 1 && lengths.every((length) => length < ONE_WORD_BYTES), lengths.join(', '));
});
