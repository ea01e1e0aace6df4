import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type ssh2 from 'ssh2';
import t, { type Test } from 'tap';
import { runVxmig, type VxmigRun } from '../unit/cli/run-vxmig.js';
import { sshServer } from './hostile-server.js';

const PASSPHRASE = 'correct-horse-battery';
const skip = spawnSync('ssh-keygen', ['-?']).error === undefined ? false : 'ssh-keygen is not installed';

/** A person's home with a key, and a topology of one host that lets nobody in. */
interface Home {
  readonly directory: string;
  readonly keyFile: string;
  readonly topology: string;
  /** How somebody has tried to log in. */
  readonly methods: readonly string[];
}

async function home(t: Test, passphrase: string): Promise<Home> {
  const directory = t.testdir();
  const keyFile = `${directory}/key`;
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'somebody', '-f', keyFile]);
  const methods: string[] = [];
  const authenticate = (context: ssh2.AuthContext) => {
    methods.push(context.method);
    // Long enough for the list of processes to be looked at.
    setTimeout(() => context.reject(['password', 'keyboard-interactive', 'publickey']), 200);
  };
  mkdirSync(`${directory}/server`);
  const server = await sshServer(t, { authenticate }, `${directory}/server`);
  const topology = `${directory}/topology.yaml`;
  writeFileSync(
    topology,
    `version: 1
name: secrets
underlay: {left: {cidr: 198.18.1.0/24}}
hosts:
  host-a:
    underlay: left
    address: 198.18.1.10
    ssh:
      {address: 127.0.0.1, port: ${server.port}, identityFile: ${JSON.stringify(keyFile)}, hostKey: "${server.hostKey}"}
  host-b:
    underlay: left
    address: 198.18.1.11
    ssh: {address: localhost, port: ${server.port}, hostKey: "${server.hostKey}"}
networks: {blue: {vni: 5001, cidr: 10.9.0.0/24}}
vms: {web: {host: host-a, image: micro, nics: [{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}]}}
`,
  );
  return { directory, keyFile, topology, methods };
}

/** What must be nowhere: the passphrase, and any line of the key as it is kept or as it is in memory. */
function secretsOf(keyFile: string): readonly string[] {
  const lines = readFileSync(keyFile, 'utf8').split('\n');
  return [PASSPHRASE, ...lines.filter((line) => line !== '' && !line.startsWith('-----'))];
}

/** Runs the program with every detail, and gives all that it has said, written, and been called with. */
async function everythingSaid(home: Home, argv: readonly string[], env: Readonly<Record<string, string>>) {
  const before = new Set(filesIn(home.directory));
  let cmdlines = '';
  let running = true;
  const watch = async () => {
    while (running) {
      cmdlines += commandLines();
      await sleep(20);
    }
  };
  const watching = watch();
  const log = `${home.directory}/log-of-${argv[0]}`;
  const run: VxmigRun = await runVxmig(['--verbose', '--log', log, ...argv], { ...env, HOME: home.directory });
  running = false;
  await watching;
  const written = filesIn(home.directory).filter((file) => !before.has(file));
  const files = Object.fromEntries(written.map((file) => [file, readFileSync(file, 'utf8')]));
  return { run, said: { stdout: run.stdout, stderr: run.stderr, cmdlines, ...files } };
}

function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function expectNone(
  t: Test,
  said: Readonly<Record<string, string>>,
  secrets: readonly string[],
  message: string,
): void {
  for (const [where, text] of Object.entries(said)) {
    t.notOk(
      secrets.some((secret) => text.includes(secret)),
      `${message}: ${where}`,
    );
  }
}

t.test('no command tells of a key what is in it, nor asks for a password', { skip }, async (t) => {
  const it = await home(t, '');
  const commands = [
    ['plan', it.topology],
    ['apply', it.topology],
    ['migrate', it.topology, 'web', '--to', 'host-b'],
    ['verify', it.topology],
    ['status', it.topology],
    ['doctor', it.topology],
    ['destroy', it.topology, '--yes'],
  ];
  // One after the other: all at once, on a busy machine, wait longer for the server in this process than SSH waits.
  for (const [command = '', ...rest] of commands) {
    const { run, said } = await everythingSaid(it, [command, ...rest, '--json'], {});
    t.not(run.status, 0, command);
    t.match(run.stdout, /authentication methods failed/, 'it has tried');
    t.ok(said.cmdlines.includes(it.topology), 'the list of processes was looked at');
    expectNone(t, said, secretsOf(it.keyFile), command);
  }
  t.ok(existsSync(`${it.directory}/log-of-plan`));
  t.same([...new Set(it.methods)].sort(), ['none', 'publickey'], 'keys only');
});

t.test('a key with a passphrase and no agent: what to do is said', { skip }, async (t) => {
  const it = await home(t, PASSPHRASE);
  const { run, said } = await everythingSaid(it, ['plan', it.topology], {});
  t.equal(run.status, 1);
  t.match(run.stderr, /the identity file .*key has a passphrase, and there is no ssh-agent/);
  t.match(run.stderr, /fix: eval "\$\(ssh-agent\)" && ssh-add/);
  expectNone(t, said, secretsOf(it.keyFile), 'plan');
});

t.test('a key with a passphrase is the agent’s to show', { skip }, async (t) => {
  const it = await home(t, PASSPHRASE);
  // A socket's path may have 107 bytes.
  const place = mkdtempSync(join(tmpdir(), 'vxmig-agent-'));
  const socket = `${place}/socket`;
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  t.teardown(() => {
    agent.kill();
    rmSync(place, { recursive: true });
  });
  for (let tries = 0; tries < 500 && !existsSync(socket); tries++) await sleep(10);
  // ssh-add asks a program for the passphrase where there is no terminal.
  const askpass = `${it.directory}/askpass`;
  writeFileSync(askpass, `#!/bin/sh\necho ${PASSPHRASE}\n`, { mode: 0o700 });
  const env = {
    ...process.env,
    SSH_AUTH_SOCK: socket,
    SSH_ASKPASS: askpass,
    SSH_ASKPASS_REQUIRE: 'force',
    DISPLAY: ':0',
  };
  execFileSync('ssh-add', ['-q', it.keyFile], { env, stdio: ['ignore', 'ignore', 'ignore'] });
  const { run, said } = await everythingSaid(it, ['plan', it.topology, '--json'], { SSH_AUTH_SOCK: socket });
  t.match(run.stdout, /authentication methods failed/);
  t.ok(it.methods.includes('publickey'), 'the agent’s key was shown');
  const { cmdlines: _, ...written } = said;
  expectNone(t, said, secretsOf(it.keyFile), 'plan');
  // The agent itself was started with it.
  expectNone(t, written, [socket], 'plan');
});
