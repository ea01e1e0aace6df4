import { labList } from '../../lab/list.js';
import { listRuns } from '../../report/run-file.js';
import { readTopology } from '../../topology/read.js';
import { buildProgram } from '../command-line/program.js';
import type { CommandContext } from '../context.js';
import { completionsFor, type NameSource } from './complete.js';
import { COMPLETION_SCRIPTS, type CompletionShell } from './scripts.js';

export async function completionCommand({ output }: CommandContext, shell: CompletionShell): Promise<number> {
  const script = COMPLETION_SCRIPTS[shell];
  output.result({ ok: true, shell, script }, script);
  return 0;
}

/** Answers a completion script: a line `files` or `words`, then a candidate a line. */
export async function completeCommand({ output }: CommandContext, words: readonly string[]): Promise<number> {
  const program = buildProgram(() => undefined, { text: '' });
  const completion = await completionsFor(program, words, NAMES);
  output.result({ ok: true, ...completion }, [completion.files ? 'files' : 'words', ...completion.words].join('\n'));
  return 0;
}

/** Somebody who presses the tab key must not be shown errors: what can't be read gives no names. */
const NAMES: NameSource = {
  vms: async (file) => await namesIn(file, 'vms'),
  hosts: async (file) => await namesIn(file, 'hosts'),
  labs: async () => (await labList().catch(() => [])).map((lab) => lab.name),
  runs: async () => (await listRuns().catch(() => [])).map((run) => run.name),
};

async function namesIn(file: string, kind: 'vms' | 'hosts'): Promise<string[]> {
  const read = await readTopology(file).catch(() => null);
  return read === null ? [] : read.topology[kind].map((entry) => entry.name);
}
