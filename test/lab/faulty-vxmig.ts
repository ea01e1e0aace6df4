import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { run } from '../../lib/cli/main.js';
import { onPoints } from './points.js';

// bin/vxmig for tests, that runs a command when it comes to a point (see points.ts), and goes on when that has ended:
// `faulty-vxmig POINT COMMAND-AS-JSON ARGUMENTS…`.
const [point = '', command = '[]', ...args] = process.argv.slice(2);
const [program = 'false', ...words] = JSON.parse(command) as string[];

onPoints((reached) => {
  if (reached !== point) return;
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8', timeout: 20_000 });
  writeSync(process.stderr.fd, `reached ${point}: the fault's command ended with ${status} ${stderr}\n`);
});

process.exitCode = await run(args);
