import { writeSync } from 'node:fs';
import { run } from '../../lib/cli/main.js';
import { onPoints } from './points.js';

// bin/vxmig for tests, that gets a signal at a point (see points.ts): `dying-vxmig SIGNAL POINT ARGUMENTS…`.
const [signal = '', point = '', ...args] = process.argv.slice(2);

onPoints((reached) => {
  if (reached !== point) return;
  writeSync(process.stderr.fd, `reached ${point}\n`);
  process.kill(process.pid, signal);
});

process.exitCode = await run(args);
