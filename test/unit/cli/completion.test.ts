import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { buildProgram } from '../../../lib/cli/command-line/program.js';
import { completionsFor, type NameSource } from '../../../lib/cli/completion/complete.js';
import { ROOT, runVxmig } from './run-vxmig.js';

const NAMES: NameSource = {
  vms: async (file) => [`vm-of-${file}`],
  hosts: async (file) => [`host-of-${file}`],
  labs: async () => ['two-subnets'],
  runs: async () => ['2026-run'],
};

async function complete(...words: string[]): Promise<{ files: boolean; words: readonly string[] }> {
  return await completionsFor(
    buildProgram(() => undefined, { text: '' }),
    words,
    NAMES,
  );
}

t.test('what may stand next', async (t) => {
  t.match((await complete('')).words, ['validate']);
  t.notMatch((await complete('')).words.join(' '), '__complete');
  t.same(await complete('mig'), { files: false, words: ['migrate'] });
  t.same(await complete('lab', ''), { files: false, words: ['up', 'down', 'status', 'exec', 'ls'] });
  t.same(await complete('--json', 'lab', 'd'), { files: false, words: ['down'] });
  t.same(await complete('validate', ''), { files: true, words: [] });
  t.same(await complete('bench', ''), { files: true, words: ['scale'] }, 'a command, or an argument of its own');
  t.same(await complete('bench', 'f.yaml', ''), { files: false, words: [] });
  t.same(await complete('bench', 'scale', '--m'), { files: false, words: ['--mesh'] });
  t.same(await complete('migrate', 'f.yaml', ''), { files: false, words: ['vm-of-f.yaml'] });
  t.same(await complete('migrate', 'f.yaml', 'web', '--to', ''), { files: false, words: ['host-of-f.yaml'] });
  t.same(await complete('migrate', '--to', 'host-b', 'f.yaml', 'vm'), { files: false, words: ['vm-of-f.yaml'] });
  t.same(await complete('migrate', 'f.yaml', 'web', '--strategy', 'p'), {
    files: false,
    words: ['pre-copy', 'post-copy'],
  });
  t.same(await complete('migrate', 'f.yaml', 'web', '--w'), { files: false, words: ['--write'] });
  t.same(await complete('lab', 'exec', 'f.yaml', ''), { files: false, words: ['host-of-f.yaml'] });
  t.same(await complete('lab', 'down', ''), { files: true, words: ['two-subnets'] });
  t.same(await complete('report', ''), { files: true, words: ['latest', '2026-run'] });
  t.same(await complete('completion', 'z'), { files: false, words: ['zsh'] });
  t.same(await complete('--log', ''), { files: true, words: [] });
  t.same(await complete('validate', 'f.yaml', ''), { files: false, words: [] });
  t.same(await complete('no-such-command', ''), { files: false, words: [] });
});

t.test('names come from the file', async (t) => {
  const { stdout } = await runVxmig(['__complete', '--', 'migrate', 'topologies/two-subnets.yaml', 'web', '--to', '']);
  t.equal(stdout, 'words\nhost-a\nhost-b\nhost-c\n');
  t.equal((await runVxmig(['__complete', '--', 'migrate', 'none.yaml', ''])).stdout, 'words\n');
});

t.test('the bash script completes', async (t) => {
  const { stdout: script } = await runVxmig(['completion', 'bash']);
  const main = new URL('../../../lib/cli/main.js', import.meta.url).href;
  const directory = t.testdir({
    'vxmig.mjs': `import { run } from ${JSON.stringify(main)}; process.exitCode = await run(process.argv.slice(2));\n`,
    'test.bash': `vxmig() { ${JSON.stringify(process.execPath)} "$(dirname "$0")/vxmig.mjs" "$@"; }
compopt() { :; }
${script}
COMP_WORDS=(vxmig migrate topologies/two-subnets.yaml web --to host-) COMP_CWORD=5; _vxmig; echo "\${COMPREPLY[*]}"
COMP_WORDS=(vxmig validate topologies/two-sub) COMP_CWORD=2; _vxmig; echo "\${COMPREPLY[*]}"
`,
  });
  const { stdout } = await promisify(execFile)('bash', [join(directory, 'test.bash')], { cwd: ROOT });
  t.equal(stdout, 'host-a host-b host-c\ntopologies/two-subnets.yaml\n');
});

t.test('a script for each shell', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { status, stdout } = await runVxmig(['completion', shell]);
    t.match({ status, stdout }, { status: 0, stdout: /__complete/ }, shell);
  }
});
