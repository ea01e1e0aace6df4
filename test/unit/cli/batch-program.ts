import { existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../../lib/cli/main.js';
import { endWithBatch } from '../../../lib/examiner/batch-channel.js';

// bin/vxmig for tests of a batch: the process that grades `slow.yaml` tells its number, and waits until the test lets
// it go on.
/** Should the test die. */
const LONGEST_MS = 120_000;

const file = process.argv.at(-1) ?? '';
if (basename(file) === 'slow.yaml') {
  endWithBatch(new AbortController().signal);
  writeFileSync(`${file}.pid`, String(process.pid));
  while (!existsSync(`${file}.go`) && performance.now() < LONGEST_MS) await sleep(20);
}

process.exitCode = await run(process.argv.slice(2));
