import { isVerified } from './documents.js';
import { eventually } from './eventually.js';
import { onLab } from './harness.js';
import { holding, holdings, lockHolder, sightOf } from './host-state.js';

await onLab('two-subnets', async (t, lab) => {
  const fresh = await sightOf(lab);

  await t.test('interrupted while the guest boots: nothing is left behind', async (t) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const command = lab.start('--json', 'apply', lab.file);
      await eventually('the VM runs', async () => (await lab.on('host-a', 'virsh', 'list', '--name')).includes('web'));
      command.kill(signal);
      const { exitCode, stdout } = await command;
      t.equal(exitCode, 130);
      t.match(JSON.parse(String(stdout)), { ok: false, error: { code: 'INTERRUPTED', message: /was undone/ } });
      t.same(await sightOf(lab), fresh, 'every host is as it was');
    }
  });

  await t.test('a host that fails half-way: all others are as they were, too', async (t) => {
    // The plan does not see it: only the start of the VM fails, when the network is there already.
    await lab.shell('host-a', 'mount --bind /bin/false /usr/bin/qemu-system-x86_64');
    const { exitCode, document } = await lab.run('apply', lab.file);
    await lab.shell('host-a', 'umount /usr/bin/qemu-system-x86_64');
    t.equal(exitCode, 1);
    t.match(document.error.message, /What apply had changed was undone/);
    t.same(await sightOf(lab), fresh);
  });

  await t.test('interrupted in its first migration: the VM stays, and so does all else', async (t) => {
    await lab.apply();
    const before = await sightOf(lab);
    await lab.edit((text) => text.replace('host: host-a ', 'host: host-b ').replace('mtu: 1450', 'mtu: 1400'));
    const command = lab.start('--json', 'apply', lab.file);
    await eventually('it migrates', async () =>
      (await lab.on('host-b', 'virsh', 'list', '--name', '--all')).includes('web'),
    );
    command.kill('SIGINT');
    t.equal((await command).exitCode, 130);
    t.same(await sightOf(lab), before);
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    await lab.edit((text) => text.replace('host: host-b ', 'host: host-a ').replace('mtu: 1400', 'mtu: 1450'));
    isVerified(t, await lab.succeed('verify', lab.file));
  });

  await t.test('two at once: the second waits, or is told who is there', async (t) => {
    // Slowly enough for two other programs to be started meanwhile, on a busy machine too.
    const command = lab.start('--json', 'migrate', lab.file, 'web', '--to', 'host-b', '--bandwidth', '12MiB');
    await eventually('it has the locks', async () => (await lockHolder(lab, 'host-a')).includes('migrate web'));
    const refused = await lab.run('apply', lab.file, '--lock-timeout', '0s');
    t.equal(refused.exitCode, 5);
    t.match(refused.document.error, {
      code: 'LOCKED',
      message: new RegExp(`host-a.*process ${command.pid}: migrate web of ${lab.name}`),
      hint: /--steal-lock/,
    });
    const waited = await lab.run('migrate', lab.file, 'web', '--to', 'host-a', '--lock-timeout', '60s');
    t.equal((await command).exitCode, 0);
    t.equal(waited.exitCode, 0, waited.document?.error?.message);
    t.match(waited.stderr, /Waiting: .* locked by .*migrate web/);
    t.equal(await lockHolder(lab, 'host-a'), '');
  });

  await t.test('the lock of one that was killed is free at once', async (t) => {
    const command = lab.start('migrate', lab.file, 'web', '--to', 'host-b');
    await eventually('it has the locks', async () => (await lockHolder(lab, 'host-a')).includes('migrate web'));
    command.kill('SIGKILL');
    await command;
    const { exitCode, document } = await lab.run('apply', lab.file);
    t.equal(exitCode, 0, document?.error?.message);
    t.equal(await lockHolder(lab, 'host-a'), '');
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
  });

  await t.test('a lock that is taken away: who had it stops and undoes', async (t) => {
    const command = lab.start('--json', 'migrate', lab.file, 'web', '--to', 'host-b', '--bandwidth', '4MiB');
    await eventually('it copies', async () =>
      (await lab.on('host-b', 'virsh', 'list', '--all', '--name')).includes('web'),
    );
    const thief = lab.run('destroy', lab.file, '--yes', '--steal-lock');
    const { exitCode, stdout } = await command;
    t.not(exitCode, 0);
    t.match(JSON.parse(String(stdout)).error.message, /taken the lock/);
    await thief;
    t.equal((await lab.run('destroy', lab.file, '--yes')).exitCode, 0);
    t.same(await sightOf(lab), fresh);
  });
});
