import t, { type Test } from 'tap';
import { disksWithJobs, observeDetails } from '../../../lib/compute/libvirt/domain-sight.js';
import * as virsh from '../../../lib/compute/libvirt/virsh.js';
import { readDomain } from '../../../lib/compute/libvirt/virsh-list.js';
import { abortJob, followMigrate, readJobStats } from '../../../lib/compute/libvirt/virsh-migrate.js';
import { reaches } from '../../../lib/host/reach.js';
import { runCommands } from '../../../lib/host/script.js';
import type { Command } from '../../../lib/model/command.js';
import { WITHOUT_DISKS } from '../../../lib/model/disk.js';
import type { Topology } from '../../../lib/model/topology.js';
import { dumpFlows, removeFlows } from '../../../lib/network/ovs/openflow.js';
import { RedirectGuard } from '../../../lib/network/ovs/redirect-guard.js';
import { traceFrames } from '../../../lib/network/ovs/trace.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { freshHosts, planned, USERSPACE } from '../plan/hosts.js';
import { RICH } from '../topology/rich.js';
import { problemsOf } from '../topology/sample.js';
import { RecordingShell } from './recording-shell.js';

/** `x` is a program that only a shell that was misled would run. Short: device names keep six characters of a name. */
const HOSTILE = [
  '$(x)',
  '`x`',
  "';x;'",
  '"$(x)',
  '\n x\n',
  '&x',
  '|x',
  '>x',
  '*',
  '~',
  '-x',
  '--x',
  '#',
  '!x',
  '\\',
  ' ',
  'é🦊',
  '%s',
  '$x',
  'END',
];

const PROGRAMS = ['ip', 'ethtool', 'nft', 'virsh', 'ovs-ofctl', 'ovs-appctl', 'ping', 'x'];

/** A topology that no file can say: every name of it is `text`. */
function topologyNamed(text: string): Topology {
  const { vms, ...topology } = parseTopology(RICH, 'rich.yaml');
  const own = vms.map((vm) => ({
    ...vm,
    source: {
      kind: 'image',
      image: { kind: 'micro' },
      machine: { cpu: null, machine: null, firmware: 'bios', sshKeys: [] },
    } as const,
  }));
  const renamed = JSON.stringify({ ...topology, vms: own }, (_, value: unknown) =>
    typeof value === 'string' && /^(rich|web|legacy|blue|green|grey)$/.test(value) ? `${text}${value}` : value,
  );
  return JSON.parse(renamed) as Topology;
}

async function expectRun(t: Test, recording: RecordingShell, commands: readonly Command[], message: string) {
  await runCommands(recording.shell, commands);
  t.strictSame(
    recording.taken(),
    commands.map(({ argv, stdin = '' }) => ({ argv, stdin: argv.includes('-') ? stdin : '' })),
    message,
  );
}

t.test('whatever things are called, a host’s shell runs what was planned and nothing else', async (t) => {
  const recording = new RecordingShell(t.testdir(), PROGRAMS);
  for (const text of HOSTILE) {
    const topology = topologyNamed(text);
    // host-a has all that there is to make; the others differ in names only.
    const [first] = planned(topology, freshHosts(topology), USERSPACE).hosts;
    const commands = [...(first?.prepare ?? []), ...(first?.settle ?? [])];
    t.ok(
      commands.some(({ argv }) => argv.some((word) => word.includes(text))),
      'the text is in them',
    );
    await expectRun(t, recording, commands, JSON.stringify(text));
  }
});

t.test('what a command reads ends where it ends, whatever is in it', async (t) => {
  const recording = new RecordingShell(t.testdir(), PROGRAMS);
  for (const stdin of ['END\nx\n', 'END\nEND_\nx\n', '$(x) `x` \\\n', "'\n", 'a\n\n']) {
    await expectRun(t, recording, [{ argv: ['nft', '-f', '-'], stdin }], JSON.stringify(stdin));
  }
});

t.test('libvirt’s names reach virsh whole', async (t) => {
  const recording = new RecordingShell(t.testdir(), PROGRAMS);
  for (const domain of HOSTILE) {
    await virsh.startDomain(recording.shell, domain);
    await virsh.destroyDomain(recording.shell, domain);
    await virsh.undefineDomain(recording.shell, domain);
    await abortJob(recording.shell, domain);
    await readJobStats(recording.shell, domain, 'running');
    await virsh.resumeDomain(recording.shell, domain);
    t.equal(await observeDetails(recording.shell, domain), null);
    t.same(await disksWithJobs(recording.shell, domain, [domain]), []);
    await virsh.updateNic(recording.shell, domain, `<interface>${domain}</interface>`);
    await virsh.markDomain(recording.shell, domain, `<adopted>${domain}</adopted>`, ['config', 'live']);
    await virsh.autostartDomain(recording.shell, domain);
    // It prints nothing, which is no answer.
    await t.rejects(readDomain(recording.shell, domain), { code: 'HOST_UNFIT' });
    const migration = await followMigrate(recording.shell, {
      domain,
      destinationUri: `qemu+ssh://${domain}/system`,
      migrateAddress: domain,
      postCopy: 'never',
      autoConverge: false,
      bandwidthBytesPerSecond: null,
      storage: WITHOUT_DISKS,
    });
    await migration.ended;
    const taken = recording.taken();
    t.ok(
      taken.every(({ argv: [program] }) => program === 'virsh' || program === 'ip'),
      `${JSON.stringify(domain)}: no other program has run`,
    );
    // The name follows the option that takes it; where virsh reads a line of its own, it is quoted as virsh wants it.
    for (const { argv } of taken.filter(({ argv }) => argv.includes('--domain'))) {
      t.equal(argv[argv.indexOf('--domain') + 1], domain, argv.join(' '));
    }
    t.ok(taken.filter(({ argv }) => argv.includes('--domain')).length >= 7);
  }
});

t.test('names of bridges, addresses and frames reach their programs whole', async (t) => {
  const recording = new RecordingShell(t.testdir(), PROGRAMS);
  for (const text of HOSTILE) {
    await dumpFlows(recording.shell, [text]);
    await removeFlows(recording.shell, text, { table: 50, macs: [text] });
    await traceFrames(recording.shell, text, [{ flow: text, actions: text }]).catch(() => undefined);
    await reaches(recording.shell, { address: text, namespace: text, fullSizeMtu: 1500 });
    const guard = await RedirectGuard.open(recording.shell, {
      bridge: text,
      flows: [],
      domain: text,
      tap: text,
      arrived: () => false,
      onLifted: () => undefined,
    });
    await guard.drop();
    await guard.close();
    const taken = recording.taken();
    t.notOk(
      taken.find(({ argv: [program] }) => program === 'x'),
      JSON.stringify(text),
    );
    for (const { argv } of taken)
      t.ok(
        argv.some((word) => word.includes(text)),
        `${argv[0]} was given ${JSON.stringify(text)}`,
      );
  }
});

// A domain's name is libvirt's own, and may be anything: how it reaches virsh is asked above.
t.test('no file can say a name that a program would take for an option, or a shell for more than a name', async (t) => {
  const fields: readonly (readonly [name: string, old: string])[] = [
    ['name', 'name: rich'],
    ['segment', '  left:'],
    ['host', '  host-a:'],
    ['network', '  blue:'],
    ['VM', '  web:'],
    ['ssh.address', 'address: 192.0.2.7'],
    ['ssh.user', 'user: admin'],
    ['datapath', 'datapath: netdev'],
    ['cidr', 'cidr: 10.8.0.0/29'],
    ['address', 'address: 10.8.0.1/29'],
    ['mac', 'mac: "52:54:00:09:00:03"'],
    ['image', 'image: micro'],
    ['memory', 'memory: 1GiB'],
    ['bandwidth', 'bandwidth: 64MiB'],
    ['timeout', 'timeout: 5m'],
    ['hub', 'hub: host-a'],
    ['from', 'from: host-c'],
    ['interval', 'interval: 1.5s'],
  ];
  for (const [name, old] of fields) {
    const accepted = HOSTILE.filter((text) => {
      const quoted = JSON.stringify(`${text}`);
      const now = old.startsWith('  ') ? `  ${quoted}:` : old.replace(/: .*/, `: ${quoted}`);
      if (!RICH.includes(old)) throw new Error(`not in the file: ${old}`);
      return problemsOf(RICH.replace(old, () => now)).length === 0;
    });
    // END is a name as good as any where capitals are allowed: what a here-document ends with is asked above.
    t.strictSame(
      accepted.filter((text) => text !== 'END'),
      [],
      name,
    );
  }
});

t.test('what may be any text stays on this machine', async (t) => {
  const text = RICH.replace('~/.ssh/id_ed25519', `"$(x) -x 'y"`)
    .replace('SHA256:x', 'SHA256:$(x)')
    .replace('domain: Legacy_VM.1', 'image: micro');
  const topology = parseTopology(text, 'rich.yaml');
  t.match(topology.hosts[0]?.ssh, { identityFile: "$(x) -x 'y", hostKey: 'SHA256:$(x)' });
  const plan = planned(topology, freshHosts(topology), USERSPACE);
  const said = JSON.stringify(plan.hosts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  t.notMatch(said, '$(x)');
});
