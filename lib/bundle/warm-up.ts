import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Script } from 'node:vm';

/** What `bin/vxmig` is when it is not run but required. */
interface Launcher {
  load(bundle: string): {
    readonly program: { run(argv: readonly string[]): Promise<number> };
    readonly script: Script;
  };
  keepCode(bundle: string, script: Script): void;
}

// Runs what most starts run, and keeps what V8 has compiled by then; functions that nobody has called are not in it.
const launcher = createRequire(import.meta.url)('../../../bin/vxmig') as Launcher;
const TOPOLOGY = fileURLToPath(new URL('../../../topologies/two-subnets.yaml', import.meta.url));

const [, , bundle = ''] = process.argv;
const { program, script } = launcher.load(bundle);
const status = await program.run(['validate', TOPOLOGY]);
if (status !== 0) throw new Error(`the bundle ${bundle} does not work: \`validate ${TOPOLOGY}\` ended with ${status}`);
launcher.keepCode(bundle, script);
