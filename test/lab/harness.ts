import { spawn } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { labDown } from '../../lib/lab/down.js';
import { findMachine } from '../../lib/lab/machine.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import { enterMachine, machineEnvironment } from '../../lib/lab/run-inside.js';
import { probePortName } from '../../lib/model/names.js';
import type { Topology } from '../../lib/model/topology.js';
import { parseTopology } from '../../lib/topology/read.js';
import { FILE_TIMEOUT_SECONDS } from '../runner/timeout.js';

/** What users start; of another build than theirs, what that has compiled. */
export const PROGRAM = fileURLToPath(
  import.meta.url.includes('/dist/')
    ? new URL('../../../bin/vxmig', import.meta.url)
    : new URL('./vxmig.js', import.meta.url),
);
const TOPOLOGIES = new URL('../../../topologies/', import.meta.url);
const GUEST_IMAGE = '/var/lib/vxmig/images/micro/stamp';

const FETCH = `
const response = await fetch(process.argv[1], { signal: AbortSignal.timeout(30_000) });
process.stdout.write(await response.text());
`;

/** For one command of vxmig; nothing that a test runs may hang. */
const PROGRAM_TIMEOUT_MS = 120_000;
const COMMAND_TIMEOUT_SECONDS = 40;

/** A JSON document whose shape is still to be asserted. */
// biome-ignore lint/suspicious/noExplicitAny: tests read deep into documents, and fail where something is not there
export type Document = any;

export interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` has printed. */
  readonly document: Document;
}

/**
 * Runs tests on a lab of their own, of one of the shipped topologies; skipped, with the reason, where no lab can be
 * built.
 * @param change what is different from the shipped one from the beginning
 */
export async function onLab(
  name: string,
  tests: (t: Test, lab: TestLab) => Promise<void>,
  change: (text: string) => string = (text) => text,
): Promise<void> {
  t.setTimeout(FILE_TIMEOUT_SECONDS * 1000);
  const source = new URL(`${name}.yaml`, TOPOLOGIES);
  // The process id keeps labs of parallel test runs apart.
  const text = change(await readFile(source, 'utf8')).replace(/^name: .*$/m, `name: t${process.pid}-${name}`);
  const topology = parseTopology(text, fileURLToPath(source));
  const why = (await whyNoLab(topology)) ?? (await whyNoGuest());
  if (why !== null) {
    t.plan(0, why);
    return;
  }
  await t.test(name, async (t) => {
    const file = `${t.testdir({ [`${name}.yaml`]: text })}/${name}.yaml`;
    const lab = new TestLab(topology, file);
    const guard = guardLab(lab.name);
    t.teardown(async () => {
      await labDown(lab.name, () => undefined).catch(() => undefined);
      guard.release();
    });
    await lab.succeed('lab', 'up', file).catch(async (error: unknown) => {
      t.comment(await lab.logs());
      throw error;
    });
    await tests(t, lab);
  });
}

export async function whyNoGuest(): Promise<string | null> {
  return await access(GUEST_IMAGE).then(
    () => null,
    () => `${GUEST_IMAGE} is not there: \`npm run setup\` builds the guest`,
  );
}

/** Takes the lab down when this process has died before it could: a pipe closes however a process ends. */
export function guardLab(lab: string): { release(): void } {
  const script = 'read -r released || exec "$0" "$1" lab down "$2" >/dev/null 2>&1';
  const guard = spawn('sh', ['-c', script, process.execPath, PROGRAM, lab], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  return { release: () => guard.stdin.end('released\n') };
}

export class TestLab {
  readonly name: string;

  constructor(
    readonly topology: Topology,
    readonly file: string,
  ) {
    this.name = topology.name;
  }

  /** Starts vxmig as users do. Runs are not kept among the user's own. */
  start(...args: readonly string[]) {
    return execa(process.execPath, [PROGRAM, ...args], {
      reject: false,
      stdin: 'ignore',
      timeout: PROGRAM_TIMEOUT_MS,
      forceKillAfterDelay: 30_000,
      env: { XDG_STATE_HOME: `${this.file}.state` },
    });
  }

  /** `vxmig --json …` to its end. */
  async run(...args: readonly string[]): Promise<Ran> {
    return ran(await this.start('--json', ...args));
  }

  /** As `run`, of a command that must succeed; resolves to its document. */
  async succeed(...args: readonly string[]): Promise<Document> {
    const { exitCode, stdout, stderr, document } = await this.run(...args);
    if (exitCode !== 0) {
      const why = JSON.stringify(document?.error) ?? stdout;
      throw new Error(`vxmig ${args.join(' ')} ended with ${exitCode}: ${why}\n${stderr}`);
    }
    return document;
  }

  async apply(): Promise<Document> {
    return await this.succeed('apply', this.file);
  }

  async migrate(vm: string, to: string, ...options: readonly string[]): Promise<Document> {
    return await this.succeed('migrate', this.file, vm, '--to', to, ...options);
  }

  /** Changes the file as a user with an editor would. */
  async edit(change: (text: string) => string): Promise<void> {
    const before = await readFile(this.file, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`the edit of ${this.file} changes nothing`);
    await writeFile(this.file, after);
  }

  /** Runs a command inside a host, or the router, and resolves to what it printed. @throws where it fails */
  async on(host: string, ...argv: readonly string[]): Promise<string> {
    const inside = await findMachine(this.name, host);
    // timeout(1) inside: to kill nsenter would leave its child running.
    const limit = ['timeout', '-k', '2', String(COMMAND_TIMEOUT_SECONDS)];
    const [program = '', ...rest] = enterMachine(inside, [...limit, ...argv]);
    const { stdout } = await execa(program, rest, { stdin: 'ignore', env: machineEnvironment(inside) });
    return stdout;
  }

  async shell(host: string, script: string): Promise<string> {
    return await this.on(host, 'sh', '-c', script);
  }

  /** The ends of all daemons' logs, for a lab that did not come up: they go with it. */
  async logs(): Promise<string> {
    const find = `find /run/vxmig/labs/${this.name}/hosts -name '*.log' -size +0 -exec tail -n 15 {} +`;
    return (await execa('sh', ['-c', find], { reject: false })).stdout;
  }

  /**
   * A command of this machine, with its files, on the network of a host's probe: nothing need be visible in the host.
   */
  async probeArgv(host: string, network: string, argv: readonly string[]): Promise<string[]> {
    const { pid } = await findMachine(this.name, host);
    const namespace = `/proc/${pid}/root/run/netns/${probePortName(this.name, network, host)}`;
    return ['nsenter', `--net=${namespace}`, '--', ...argv];
  }

  /** Like `on`, from a host's probe. */
  async fromProbe(host: string, network: string, ...argv: readonly string[]): Promise<string> {
    const [program = '', ...rest] = await this.probeArgv(host, network, argv);
    const { stdout } = await execa(program, rest, { stdin: 'ignore', timeout: COMMAND_TIMEOUT_SECONDS * 1000 });
    return stdout;
  }

  /** A page of a guest's web server, asked for by a host's probe. */
  async page(host: string, network: string, url: string): Promise<string> {
    return await this.fromProbe(host, network, process.execPath, '--input-type=module', '--eval', FETCH, url);
  }
}

function ran({ exitCode, stdout, stderr }: { exitCode?: number | undefined; stdout: unknown; stderr: unknown }): Ran {
  return { exitCode, stdout: String(stdout), stderr: String(stderr), document: parsed(String(stdout)) };
}

function parsed(text: string): Document {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
