import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const WITHIN_MS = 20_000;

/** Why the tests against a real database can't run here; false when they can. */
export function whyNoDatabase(): string | false {
  if (spawnSync('ovsdb-server', ['--version']).error !== undefined) return 'ovsdb-server is not installed';
  return existsSync(SCHEMA) ? false : `${SCHEMA} is missing`;
}

/** Why the tests against a real switch can't run here; false when they can. */
export function whyNoSwitch(): string | false {
  if (process.getuid?.() !== 0) return 'not root: ovs-vswitchd needs a network namespace of its own';
  if (spawnSync('unshare', ['-n', 'true']).status !== 0) return 'network namespaces cannot be made here';
  if (spawnSync('ovs-vswitchd', ['--version']).error !== undefined) return 'ovs-vswitchd is not installed';
  return whyNoDatabase();
}

/** A real ovsdb-server, and on request ovs-vswitchd in a network namespace of its own, in a temporary directory. */
export class OvsSandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'vxmig-ovs-'));
  readonly socket = join(this.directory, 'db.sock');
  readonly #processes = new Map<string, ChildProcess>();
  readonly #environment = {
    ...process.env,
    OVS_RUNDIR: this.directory,
    OVS_DBDIR: this.directory,
    OVS_LOGDIR: this.directory,
    OVS_SYSCONFDIR: this.directory,
  };
  readonly #onExit = () => this.#kill();

  constructor() {
    process.once('exit', this.#onExit);
  }

  async startDatabase(): Promise<void> {
    const file = join(this.directory, 'conf.db');
    if (!existsSync(file)) await run('ovsdb-tool', ['create', file, SCHEMA]);
    const remotes = [`--remote=punix:${this.socket}`, '--remote=db:Open_vSwitch,Open_vSwitch,manager_options'];
    this.#spawn('ovsdb-server', ['ovsdb-server', ...remotes, '--unixctl=db.ctl', file]);
    await this.until(() => existsSync(this.socket));
  }

  /** The switch has no kernel datapath: bridges need datapath_type=netdev. */
  async startSwitch(): Promise<void> {
    await this.vsctl('--no-wait', 'init');
    const vswitchd = ['ovs-vswitchd', '--disable-system', '--unixctl=vswitchd.ctl', `unix:${this.socket}`];
    this.#spawn('ovs-vswitchd', ['unshare', '-n', ...vswitchd]);
    await this.until(() => existsSync(join(this.directory, 'vswitchd.ctl')));
  }

  /** Ends one daemon and waits until it is gone. */
  async stop(name: 'ovsdb-server' | 'ovs-vswitchd'): Promise<void> {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    if (name === 'ovsdb-server') rmSync(this.socket, { force: true });
  }

  async vsctl(...argv: string[]): Promise<string> {
    return this.#output('ovs-vsctl', [`--db=unix:${this.socket}`, '--timeout=20', ...argv]);
  }

  async ofctl(argv: readonly string[], input = ''): Promise<string> {
    return this.#output('ovs-ofctl', argv, input);
  }

  async appctl(...argv: string[]): Promise<string> {
    return this.#output('ovs-appctl', ['-t', join(this.directory, 'vswitchd.ctl'), ...argv]);
  }

  async inDirectory(file: string, ...argv: string[]): Promise<string> {
    return this.#output(file, argv);
  }

  /** Starts a command that goes on; {@link destroy} ends it. */
  follow(name: string, argv: readonly string[]): ChildProcess {
    return this.#spawn(name, argv);
  }

  /** Waits for a condition; fails after 20 s with what the daemons printed. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + WITHIN_MS;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`not within ${WITHIN_MS} ms: ${condition}`);
      await sleep(10);
    }
  }

  async destroy(): Promise<void> {
    process.removeListener('exit', this.#onExit);
    const children = [...this.#processes.values()].filter(
      (child) => child.exitCode === null && child.signalCode === null,
    );
    const gone = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    this.#kill();
    await Promise.all(gone);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #kill(): void {
    for (const child of this.#processes.values()) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(name: string, [file = '', ...argv]: readonly string[]): ChildProcess {
    // The kernel ends the child with us, also where we are killed and no handler of ours runs.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...argv], {
      cwd: this.directory,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#processes.set(name, child);
    return child;
  }

  async #output(file: string, argv: readonly string[], input = ''): Promise<string> {
    const child = spawn(file, argv, { cwd: this.directory, env: this.#environment, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(input);
    const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (status !== 0) throw new Error(`${file} ${argv.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  }
}
