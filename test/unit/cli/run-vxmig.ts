import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface VxmigRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAIN = new URL('../../../lib/cli/main.js', import.meta.url).href;
const SCRIPT = `
const { run } = await import(${JSON.stringify(MAIN)});
process.exitCode = await run(process.argv.slice(1));`;

/** The checkout's root, from which topologies are named. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Runs the program as bin/vxmig does, in a process of its own; never rejects for a status that is not 0. */
export function runVxmig(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<VxmigRun> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', SCRIPT, '--', ...argv],
      { cwd: ROOT, env: { PATH, HOME, ...env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ status: Number(error?.code ?? 0), stdout, stderr });
      },
    );
  });
}
