import t from 'tap';
import { domainChecks, neededThere, type PlacedVm, placedVms } from '../../../lib/controller/domain-checks.js';
import type { Topology } from '../../../lib/model/topology.js';
import { topologyOf } from '../plan/hosts.js';
import { DISK, definition, type MovableVm, movable, OFFER, offerText, onOneServer } from './movable.js';
import { ScriptedShell } from './scripted-shell.js';

const MIB = 2 ** 20;
const UUID = '6c1b7b5e-0000-4000-8000-000000000001';
const SAYS = topologyOf(['image: micro', 'domain: web']);
/** The file wants web on host-a, and has no image for it: it is a domain that somebody has made. */
const TOPOLOGY = SAYS;
const [VM] = TOPOLOGY.vms;
if (VM === undefined) throw new Error('no VM');

const at = (host: string, state = 'running', given: MovableVm = {}): PlacedVm => ({
  vm: VM,
  host,
  state,
  xml: definition(given),
});

/** Hosts that VMs can move between, and what of them is otherwise. */
function shells(change: (shell: ScriptedShell) => void = () => {}, names = ['host-c', 'host-b', 'host-a']) {
  const storage = onOneServer();
  return new Map(
    names.map((name) => {
      const shell = movable(new ScriptedShell(name), { devices: DISK }, storage);
      change(shell);
      return [name, shell] as const;
    }),
  );
}

const checked = async (placed: readonly PlacedVm[], hosts = shells(), topology: Topology = TOPOLOGY) =>
  await domainChecks(topology, hosts, placed);

t.test('a domain that is where the file says, and can move to every other host', async (t) => {
  t.strictSame(await checked([at('host-a')]), [
    {
      name: 'domain of web',
      ok: true,
      expected: 'libvirt on host-a knows web',
      seen: 'running on host-a',
      hint: '',
    },
    {
      name: 'moves of web',
      ok: true,
      expected: 'its disks and devices let it move from host-a',
      seen: 'it can move to host-b, host-c',
      hint: '',
    },
  ]);
});

t.test('nothing is said of VMs that vxmig makes itself', async (t) => {
  const topology = topologyOf();
  const [vm] = topology.vms;
  if (vm === undefined) throw new Error('no VM');
  t.strictSame(await checked([{ ...at('host-a'), vm }], shells(), topology), []);
});

t.test('a domain that is nowhere, or off where the file does not want it', async (t) => {
  const nowhere = await checked([]);
  t.equal(nowhere.length, 1, 'then nothing more can be asked');
  t.match(nowhere[0], {
    name: 'domain of web',
    ok: false,
    seen: 'libvirt on host-a knows no domain web; nor do host-a, host-b, host-c',
    hint: /virsh list --all/,
  });
  t.match((await checked([at('host-b', 'shut off')]))[0], { ok: false, seen: /web is shut off on host-b/, hint: /./ });
  const running = await checked([at('host-b')]);
  t.match(running[0], { ok: true, seen: 'running on host-b' }, 'one that runs can be moved to where it is wanted');
});

t.test('one that is off where the file wants it is looked at there', async (t) => {
  const [there, moves] = await checked([at('host-b', 'shut off'), at('host-a', 'shut off')]);
  t.match(there, { ok: true, seen: 'shut off on host-b, shut off on host-a' });
  t.match(moves, { ok: true, expected: /move from host-a$/ });
});

t.test('looked at where it runs, and not where it is only defined', async (t) => {
  const hosts = shells();
  await checked([at('host-a', 'shut off'), at('host-b', 'paused')], hosts);
  t.equal(hosts.get('host-b')?.ran(/snapshot-list/).length, 2, 'as the source of two moves');
  t.equal(hosts.get('host-a')?.ran(/snapshot-list/).length, 0);
});

t.test('a size that the file says and the domain does not have is advice', async (t) => {
  const says = topologyOf(['image: micro', 'domain: web\n    memory: 512MiB']);
  const [vm] = says.vms;
  if (vm === undefined) throw new Error('no VM');
  const checks = await checked([{ ...at('host-a'), vm }], shells(), says);
  t.match(checks[1], { name: 'memory and CPUs of web', ok: true, seen: /512 MiB.*1 MiB/, hint: /virsh edit/ });
});

t.test(
  'one way that is closed is advice; none that is open, or not the one that the file wants, is a failure',
  async (t) => {
    const snapshot = (host: string) =>
      shells((shell) => {
        if (shell.name === host) shell.on(OFFER, offerText({ uuid: 'uuid-of-host-a' }));
      });
    const [, advice] = await checked([at('host-a')], snapshot('host-b'));
    t.match(advice, {
      ok: true,
      seen: /^it can move to host-c; not to host-b: .*the same host UUID/,
      hint: /host_uuid/,
    });
    const none = shells((shell) =>
      shell.on(/snapshot-list/, `=== vxmig\n${definition()}\n=== vxmig\nold\n=== vxmig\n`),
    );
    const [, stuck] = await checked([at('host-a')], none);
    t.match(stuck, { ok: false, seen: /^not to host-b: .*snapshot.*; not to host-c: .*snapshot/ });
    t.equal(stuck?.hint.split('snapshot-delete').length, 2, 'what fixes both is said once');
    const twins = shells((shell) => {
      if (shell.name !== 'host-c') shell.on(OFFER, offerText({ name: shell.name }));
    });
    const [, unwanted] = await checked([at('host-b')], twins);
    t.match(unwanted, { ok: false, seen: /^it can move to host-c; not to host-a/ }, 'the file wants it on host-a');
  },
);

t.test('a host that does not answer is a way that is closed, with the reason', async (t) => {
  const hosts = shells((shell) => {
    if (shell.name === 'host-c') shell.on(/^sh -s -- 3 /, { exitCode: 127, stderr: 'sh: not found' });
  });
  const [, moves] = await checked([at('host-a')], hosts);
  t.match(moves, {
    ok: true,
    seen: /it can move to host-b; not to host-c: .*not found/,
    hint: /checks of these hosts/,
  });
});

t.test(
  'with one host alone there is nowhere to move to, and where the wanted one is away nothing is blamed',
  async (t) => {
    t.strictSame(
      (
        await checked(
          [at('host-a')],
          shells(() => {}, ['host-a']),
        )
      ).length,
      1,
    );
    const [, moves] = await checked(
      [at('host-b')],
      shells(() => {}, ['host-b', 'host-c']),
    );
    t.match(moves, { ok: true, seen: 'it can move to host-c' });
  },
);

t.test('domains are found by name on every host; one whose libvirt is silent has none', async (t) => {
  const listed = (name: string) => {
    const xml = `<domain type='kvm'><name>${name}</name><uuid>${UUID}</uuid></domain>`;
    const facts = `running (booted)\n\nPersistent: yes\n\n${xml}\n=== live definition\n${xml}\n`;
    return `=== vxmig domains\n ${UUID} ${name}\n=== vxmig ${UUID}\n${facts}\n=== vxmig end\n`;
  };
  const hosts = new Map([
    ['host-a', new ScriptedShell('host-a').on(/^sh -s <<< /, listed('web'))],
    ['host-b', new ScriptedShell('host-b').on(/^sh -s <<< /, listed('another'))],
    ['host-c', new ScriptedShell('host-c').on(/^sh -s <<< /, { exitCode: 1, stderr: 'error: no libvirt' })],
  ]);
  const placed = await placedVms(TOPOLOGY, hosts);
  t.match(placed, [{ vm: VM, host: 'host-a', state: 'running', xml: /<name>web/ }]);
  t.equal(placed.length, 1);
});

t.test(
  'what a VM would take of a host: nothing where it lives, else what its domain says, else what the file says',
  async (t) => {
    const large = { memoryKiB: 2048 * 1024, devices: "<video><model type='qxl' ram='65536' vram='65536'/></video>" };
    t.equal(neededThere([at('host-a', 'running', large)], VM, 'host-a'), 0);
    t.equal(neededThere([at('host-a', 'paused', large)], VM, 'host-a'), 0);
    const needed = (2048 + 64 + 128) * MIB;
    t.equal(neededThere([at('host-a', 'running', large)], VM, 'host-b'), needed, 'with QEMU and what its screen takes');
    t.equal(neededThere([at('host-a', 'shut off', large)], VM, 'host-a'), needed, 'where it is off it has none yet');
    const two = [at('host-b', 'shut off'), at('host-a', 'running', large)];
    t.equal(neededThere(two, VM, 'host-c'), needed, 'the one that lives counts');
    const byFile = VM.memoryBytes + 64 * MIB;
    t.equal(neededThere([], VM, 'host-a'), byFile);
    t.equal(neededThere([at('host-a', 'running', { memoryKiB: null })], VM, 'host-b'), byFile);
    const [image] = topologyOf().vms;
    if (image === undefined) throw new Error('no VM');
    const placed = [{ ...at('host-a', 'running', large), vm: image }];
    t.equal(neededThere(placed, image, 'host-b'), image.memoryBytes + 64 * MIB, 'of its own VMs the file knows');
  },
);
