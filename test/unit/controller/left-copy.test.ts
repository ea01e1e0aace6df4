import t from 'tap';
import { removeLeftCopy } from '../../../lib/controller/left-copy.js';
import { topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';
import type { ScriptedShell } from './scripted-shell.js';

const UUID = '6c1b7b5e-0000-4000-8000-000000000001';
const NO_JOB = 'Job type: 0\n';
const UNKNOWN = { exitCode: 1, stderr: "error: failed to get domain 'web'" };
const OFF = { exitCode: 1, stderr: 'error: Requested operation is not valid: domain is not running' };

/** As virsh answers all questions about a domain. */
function seen(state: string, uuid = UUID): string {
  const xml = `<domain type='qemu'><name>web</name><uuid>${uuid}</uuid></domain>`;
  const facts = 'Persistent:     yes\nAutostart:      disable\nManaged save:   no\n';
  return `${state}\n\n${facts}\n${xml}\n=== live definition\n${xml}\n`;
}

/** A VM that lives on host-a, and of which a migration that broke off has left something on host-b. */
function hosts(left: string) {
  const fleet = new Fleet(topologyOf());
  const [keeps, leaves] = [fleet.shell('host-a'), fleet.shell('host-b')];
  keeps.on(/domstate/, seen('running (booted)')).on(/domjobinfo/, NO_JOB);
  leaves
    .on(/domstate/, seen(left))
    .on(/domjobinfo/, NO_JOB)
    .on(/ (destroy|undefine --keep-nvram) --domain web$/);
  const remove = async (state: 'paused' | 'shut off') =>
    await removeLeftCopy(fleet.controller, { domain: 'web', host: 'host-b', state, keptAt: 'host-a' });
  const done = () => [keeps, leaves].flatMap((shell) => shell.ran(/ (destroy|undefine|define|start|resume) /));
  return { keeps, leaves, remove, done };
}

const command = (what: string) => `virsh -q -c qemu:///system ${what} --domain web`;
const REFUSED = {
  code: 'MIGRATION_FAILED',
  message: 'a migration of web from host-a to host-b is not over yet',
  hint: /Apply again in a minute/,
};

t.test('a copy that never ran is ended and forgotten where it was left, and the VM is not touched', async (t) => {
  const { remove, done, keeps } = hosts('paused (migration)');
  await remove('paused');
  t.strictSame(done(), [command('destroy'), command('undefine --keep-nvram')]);
  t.strictSame(keeps.ran(/destroy|undefine/), []);
});

t.test('of a copy without a definition nothing is left to forget once it has ended', async (t) => {
  const { leaves, remove, done } = hosts('paused (migration)');
  leaves.on(/ destroy /, () => {
    leaves.on(/domstate/, UNKNOWN);
    return '';
  });
  await remove('paused');
  t.strictSame(done(), [command('destroy')]);
});

t.test('a definition that is off is forgotten, and nothing is ended', async (t) => {
  const { remove, done } = hosts('shut off (migrated)');
  await remove('shut off');
  t.strictSame(done(), [command('undefine --keep-nvram')]);
});

t.test('a VM that is paused where its memory is whole may lose its copy, too', async (t) => {
  const { keeps, remove, done } = hosts('paused (migration)');
  keeps.on(/domstate/, seen('paused (user)'));
  await remove('paused');
  t.strictSame(done(), [command('destroy'), command('undefine --keep-nvram')]);
});

t.test('nothing is removed while the copy may still become the VM', async (t) => {
  const cases: Record<string, (hosts: ReturnType<typeof brokenOff>) => void> = {
    'the source still works on it': ({ keeps }) => keeps.on(/domjobinfo/, 'Job type: 2\n'),
    'the destination still works on it': ({ leaves }) => leaves.on(/domjobinfo/, 'Job type: 1\n'),
    'the VM is gone where it was': ({ keeps }) => keeps.on(/domjobinfo|domstate/, UNKNOWN),
    'the VM is off where it was': ({ keeps }) =>
      keeps.on(/domjobinfo/, OFF).on(/domstate/, seen('shut off (migrated)')),
    'the VM has crashed where it was': ({ keeps }) => keeps.on(/domstate/, seen('crashed (panicked)')),
    'another VM of that name is where it was': ({ keeps }) =>
      keeps.on(/domstate/, seen('running (booted)', UUID.replace(/1$/, '2'))),
    'another VM of that name is where the copy was': ({ leaves }) =>
      leaves.on(/domstate/, seen('paused (user)', UUID.replace(/1$/, '2'))),
    'the copy has come to life': ({ leaves }) => leaves.on(/domstate/, seen('running (migrated)')),
    'the copy has gone meanwhile': ({ leaves }) => leaves.on(/domjobinfo|domstate/, UNKNOWN),
  };
  for (const [why, change] of Object.entries(cases)) {
    const given = brokenOff();
    change(given);
    await t.rejects(given.remove('paused'), REFUSED, why);
    t.strictSame(given.done(), [], why);
  }
});

t.test('a definition that somebody has started meanwhile stays', async (t) => {
  const { leaves, remove, done } = hosts('shut off (migrated)');
  leaves.on(/domstate/, seen('running (booted)'));
  await t.rejects(remove('shut off'), REFUSED);
  t.strictSame(done(), []);
});

t.test('where libvirt does not say whether it works on it, nothing is removed', async (t) => {
  for (const host of ['keeps', 'leaves'] as const) {
    const given = brokenOff();
    given[host].on(/domjobinfo/, { exitCode: 1, stderr: 'error: failed to connect to the hypervisor' });
    await t.rejects(given.remove('paused'), { code: 'COMMAND_FAILED' }, host);
    t.strictSame(given.done(), [], host);
  }
});

t.test('no state is taken that is older than the answer about the jobs', async (t) => {
  const { keeps, leaves, remove } = brokenOff();
  const order: string[] = [];
  const write = (shell: ScriptedShell, state: string) => {
    shell.on(/domjobinfo/, async () => {
      await new Promise(setImmediate);
      order.push('job');
      return NO_JOB;
    });
    shell.on(/domstate/, () => {
      order.push('state');
      return seen(state);
    });
  };
  write(keeps, 'running (booted)');
  write(leaves, 'paused (migration)');
  await remove('paused');
  t.strictSame(order.slice(0, 4), ['job', 'job', 'state', 'state']);
});

function brokenOff() {
  return hosts('paused (migration)');
}
