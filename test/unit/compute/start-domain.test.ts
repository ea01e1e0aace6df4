import t from 'tap';
import { startDomain } from '../../../lib/compute/libvirt/start-domain.js';
import type { HostShell } from '../../../lib/host/connection.js';
import { CommandError } from '../../../lib/model/errors.js';

/** A host whose `virsh start` has no end, and that answers other questions so. */
function stalled(answers: Readonly<Record<string, string>>, status: number | null = null) {
  const asked: string[] = [];
  const run = async (argv: readonly string[], { timeoutMs = 0 } = {}) => {
    const word = argv.find((one) => ['start', 'domstate', 'domblklist', 'destroy'].includes(one)) ?? '';
    asked.push(word);
    if (word === 'start') throw new CommandError('host-a', argv, status, `no end within ${timeoutMs} ms`);
    const stdout = answers[word];
    if (stdout === undefined) throw new CommandError('host-a', argv, null, 'no end');
    return { stdout, stderr: '', exitCode: 0 };
  };
  return { shell: { name: 'host-a', run } as Partial<HostShell> as HostShell, asked };
}

const DISKS = ' network   disk     vda      nbd://198.18.1.1/web\n file   cdrom    sda      -\n';

t.test('a start that has no end is given up, and the storage is named', async (t) => {
  const { shell, asked } = stalled({ domstate: 'paused (starting up)', domblklist: DISKS, destroy: '' });
  await t.rejects(startDomain(shell, 'Büro 2'), {
    code: 'HOST_UNFIT',
    message:
      /^the domain Büro 2 has not started on host-a within 60 s: it waits, most likely for its storage \(nbd:\/\/198\.18\.1\.1\/web\), which does not answer; its start was given up$/,
    hint: /`virsh domblklist --details 'Büro 2'` .* `tail '\/var\/log\/libvirt\/qemu\/Büro 2\.log'`/,
  });
  t.same(asked, ['start', 'domstate', 'domblklist', 'destroy']);
});

t.test('a libvirtd that answers nothing any more is no other error', async (t) => {
  await t.rejects(startDomain(stalled({}).shell, 'web'), { message: /within 60 s: it waits, .* does not answer$/ });
});

t.test('one that has come up in the last moment is left running', async (t) => {
  const { shell, asked } = stalled({ domstate: 'running (booted)' });
  await startDomain(shell, 'web');
  t.same(asked, ['start', 'domstate']);
});

t.test('whatever else is wrong is libvirt’s to say', async (t) => {
  await t.rejects(startDomain(stalled({}, 1).shell, 'web'), { code: 'COMMAND_FAILED' });
});
