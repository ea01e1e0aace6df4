import { run } from '../../lib/cli/main.js';

// bin/vxmig for tests: the program of the same build as the test that runs it.
process.exitCode = await run(process.argv.slice(2));
