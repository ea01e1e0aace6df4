import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import type { HostShell } from '../../../lib/host/connection.js';
import { runCommands } from '../../../lib/host/script.js';
import type { Command } from '../../../lib/model/command.js';

/** What is sent to the host for these commands. */
async function sent(commands: readonly Command[]): Promise<{ argv: readonly string[]; stdin: string }> {
  let said: { argv: readonly string[]; stdin: string } | undefined;
  const run: HostShell['run'] = async (argv, options) => {
    said = { argv, stdin: String(options?.stdin ?? '') };
    return { stdout: '', stderr: '', exitCode: 0 };
  };
  await runCommands({ name: 'here', run } as Partial<HostShell> as HostShell, commands);
  if (said === undefined) throw new Error('nothing was sent');
  return said;
}

async function started(t: Test, commands: (log: string) => readonly Command[]) {
  const log = `${t.testdir({ log: '' })}/log`;
  const { argv, stdin } = await sent(commands(log));
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  return { child, stdin, ended: once(child, 'close'), log: () => readFile(log, 'utf8') };
}

const append = (word: string, log: string): Command => ({ argv: ['sh', '-c', 'echo "$1" >>"$2"', 'sh', word, log] });

t.test('one after the other, with their input; the first that fails is the last, and named', async (t) => {
  const { child, stdin, ended, log } = await started(t, (file) => [
    { argv: ['tee', file], stdin: `it's "$HOME"\n` },
    append('two', file),
    { argv: ['sh', '-c', 'exit 7', 'the one'] },
    append('never', file),
  ]);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  child.stdout.resume();
  child.stdin.end(stdin);
  t.same(await ended, [7, null]);
  t.equal(await log(), `it's "$HOME"\ntwo\n`);
  t.match(said.trim().split('\n').at(-1), /the one/);
});

t.test('who is not there any more cannot stop them half-way', async (t) => {
  const { child, stdin, ended, log } = await started(t, (file) => [
    append('one', file),
    { argv: ['sleep', '0.3'] },
    append('two', file),
    append('three', file),
  ]);
  child.stdin.end(stdin);
  while ((await log()) === '') await new Promise((resolve) => setTimeout(resolve, 10));
  child.stdout.destroy();
  child.stderr.destroy();
  child.kill('SIGHUP');
  await ended;
  t.equal(await log(), 'one\ntwo\nthree\n');
});

t.test('what was not sent to its end is not begun', async (t) => {
  const { child, stdin, ended, log } = await started(t, (file) => [append('one', file), append('two', file)]);
  child.stdin.end(stdin.slice(0, stdin.indexOf('two')));
  await ended;
  t.equal(await log(), '');
});
