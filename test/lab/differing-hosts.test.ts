import type { Test } from 'tap';
import { isMigrated } from './documents.js';
import { type Document, onLab } from './harness.js';
import { holding, holdings } from './host-state.js';
import { microDomain } from './micro-domain.js';
import { MachinePages, mountPages, takeClock, takeModule, takeUuid, uuidOf } from './odd-hosts.js';
import { bringOldQemu, fetchOldQemu, otherQemu, QEMU_PATH } from './other-qemu.js';

/** As its owner has defined it: with whatever CPU the host has when it starts. */
const definition = (machine: string, cpu: string) => microDomain({ name: 'web', memoryMiB: 128, machine, cpu });

/** What QEMU can emulate, but for one feature of it. */
const WITHOUT_AVX2 = 'exec $REAL -global max-x86_64-cpu.avx2=off "$@"';

/** Of 2 MiB: all the memory of `web`. */
const PAGES = 64;

/** One that vxmig makes, beside the one of somebody else's. */
const kept = (name: string, last: string) => `  ${name}:
    {host: host-b, memory: 128MiB, image: micro, cpu: baseline,
     nics: [{network: blue, mac: "52:54:00:09:00:0${last}", address: 10.9.0.${last}/24}]}
`;

await onLab('two-subnets', async (root, lab) => {
  const t = root;
  const also = (vm: string) => lab.edit((text) => text.replace(/^probes:/m, `${vm}$&`));
  await lab.edit((text) => text.replace(/^( *)image: micro.*$/m, '$1domain: web'));
  await also(kept('kept', '2'));
  /** VMs that stay where they are while `web` is asked. */
  const others: Record<string, string> = { kept: 'host-b' };
  const define = (host: string, xml: string) =>
    lab.shell(host, `cat >/tmp/web.xml <<'XML'\n${xml}\nXML\nvirsh define --validate /tmp/web.xml`);
  const refused = async (
    t: Test,
    [from, to]: readonly [string, string],
    feature: string,
    reason: Document,
    step: 'request' | 'configuration' = 'request',
  ) => {
    const { exitCode, document } = await lab.run('migrate', lab.file, 'web', '--to', to);
    t.equal(exitCode, 1, `${document.error?.message}`);
    t.match(document, {
      outcome: 'rolled-back',
      error: { code: 'HOST_UNFIT', message: `web cannot move to ${to}: ${feature}: `, hint: /^Nothing has moved\./ },
    });
    const stages = document.stages.map(({ stage }: Document) => stage);
    t.same(stages, ['check', 'negotiate'], 'nothing was reserved');
    const steps = step === 'request' ? [step] : ['request', step];
    t.same(
      document.negotiation.map((one: Document) => [one.step, one.host]),
      steps.flatMap((one) => [from, to].map((host) => [one, host])),
      'and nothing else was proposed',
    );
    const reasons = document.negotiation.flatMap((step: Document) => step.reasons);
    t.match(reasons, [{ feature, wanted: /./, has: /./, why: /./, fix: /./, ...reason }]);
    t.same(await holdings(lab), holding(lab, { ...others, web: from }));
  };
  let hasPages = false;
  const BACK = ['host-b', 'host-a'] as const;

  let heal = await otherQemu(lab, 'host-a', WITHOUT_AVX2);
  await define('host-a', definition('pc', "<cpu mode='host-model'/>"));
  await lab.apply();

  await t.test('to the host that has more; and to the one that has less with what all of them can give', async (t) => {
    const defined = await lab.on('host-b', 'virsh', 'dumpxml', '--inactive', 'kept');
    t.match(defined, /<cpu mode='custom' match='exact' check='partial'>.*<feature policy='disable' name='avx2'\/>/s);
    t.same((await lab.succeed('plan', lab.file)).changes, [], 'a second plan has nothing to do');
    await lab.edit((text) =>
      text.replace(/^( *host:) host-a/m, '$1 host-b').replace('{host: host-b,', '{host: host-a,'),
    );
    const { migrations } = await lab.apply();
    const [document, back] = ['web', 'kept'].map((name) => migrations.find(({ vm }: Document) => vm === name));
    isMigrated(t, document, { vm: 'web', from: 'host-a', to: 'host-b' });
    isMigrated(t, back, { vm: 'kept', from: 'host-b', to: 'host-a' });
    t.same((await lab.succeed('plan', lab.file)).changes, [], 'nor has one where it has been moved to');
    t.match(
      document.negotiation.map(({ step, host, ok }: Document) => [step, host, ok]),
      [
        ['request', 'host-a', true],
        ['request', 'host-b', true],
        ['configuration', 'host-a', true],
        ['configuration', 'host-b', true],
        ['begin', 'host-a', true],
      ],
    );
    t.match(document.negotiation[3].configuration, {
      strategy: 'pre-copy',
      transport: { address: '198.18.2.10', port: Number },
      machine: /^pc-i440fx-\d/,
      emulator: QEMU_PATH,
      acceleration: 'qemu',
      mtuBytes: 1500,
    });
    await lab.edit((text) =>
      text.replace(/^( *host:) host-b/m, '$1 host-a').replace('{host: host-a,', '{host: host-b,'),
    );
    isMigrated(t, await lab.migrate('kept', 'host-b'), { vm: 'kept', from: 'host-a', to: 'host-b' });
  });

  await t.test('and not the other way, once it has been started with what the new host has', async (t) => {
    await lab.shell('host-b', 'virsh destroy web && virsh start web');
    await refused(t, BACK, 'CPU', { has: / -avx2$/, why: /host-a cannot give it, which lacks avx2/ });
    const { changes, cpuBaseline } = await lab.succeed('plan', lab.file);
    t.match(changes, [{ action: 'migrate', why: /it cannot be made: .*CPU: .*avx2/ }]);
    t.match(cpuBaseline, {
      differ: true,
      cpu: /<feature policy='disable' name='avx2'\/>/,
      given: [
        { host: 'host-a', features: [] },
        { host: 'host-b', features: ['avx2'] },
        { host: 'host-c', features: ['avx2'] },
      ],
    });
    t.match(await lab.run('apply', lab.file), {
      exitCode: 1,
      document: { error: { code: 'HOST_UNFIT', message: /CPU/ } },
    });
    await heal();
    const after = await lab.succeed('plan', lab.file);
    t.equal(after.cpuBaseline.differ, false);
    t.match(after.changes, [
      { name: 'kept', action: 'update', why: /in force from its next start/, details: [/^CPU .*\+avx2/] },
      { name: 'web', action: 'migrate' },
    ]);
  });

  await t.test('a QEMU that is not there, or does not start', async (t) => {
    await lab.on('host-a', 'mount', '--bind', '/dev/null', QEMU_PATH);
    await refused(t, BACK, 'emulator path', { wanted: QEMU_PATH, has: 'no program there' });
    await lab.on('host-a', 'umount', QEMU_PATH);
    heal = await otherQemu(lab, 'host-a', "echo 'it is half-way upgraded' >&2; exit 1");
    await refused(t, BACK, 'emulator path', { has: /half-way upgraded/ });
    const { changes, warnings } = await lab.succeed('plan', lab.file);
    t.match(warnings, [/^kept keeps the CPU .* host-a does not tell what it can give/, /emulator path/]);
    t.notOk(
      changes.some(({ name }: Document) => name === 'kept'),
      'it is not given another one',
    );
    await also(kept('fresh', '3'));
    t.match(await lab.run('apply', lab.file), {
      exitCode: 1,
      document: {
        error: {
          where: 'vms.fresh.cpu',
          message: /^fresh is to have the CPU that all hosts can give .*host-a does not tell/,
          hint: /^Nothing was changed\. See `virsh domcapabilities .* on host-a; .*`cpu: qemu64`/,
        },
      },
    });
    t.same(await holdings(lab), holding(lab, { ...others, web: 'host-b' }));
    await heal();
    await lab.edit((text) => text.replace(kept('kept', '2'), '').replace(kept('fresh', '3'), ''));
    await lab.edit((text) => text.replace(/^( *host:) host-a/m, '$1 host-b'));
    await lab.apply();
    delete others.kept;
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    await lab.edit((text) => text.replace(/^( *host:) host-b/m, '$1 host-a'));
  });

  await t.test('two hosts of one name, and packets that are too large for the way', async (t) => {
    await lab.on('host-a', 'hostname', 'host-b');
    await refused(t, BACK, 'host name', { has: 'host-b', fix: /hostnamectl/ });
    await lab.on('host-a', 'hostname', 'host-a');
    await lab.on('host-a', 'ip', 'link', 'set', 'br-phy', 'mtu', '1400');
    await refused(t, BACK, 'MTU', { wanted: /^1500 bytes, for blue/, why: /host-a gets small ones through to host-b/ });
    await lab.on('host-a', 'ip', 'link', 'set', 'br-phy', 'mtu', '1500');
  });

  const old = await fetchOldQemu(t);
  await t.test('an older QEMU', { skip: old === null && 'Debian’s QEMU 7.2 cannot be fetched here' }, async (t) => {
    heal = await otherQemu(lab, 'host-a', await bringOldQemu(lab, 'host-a', old ?? ''));
    const has = 'pc-i440fx-7.2 as its newest';
    await refused(t, BACK, 'machine type', { wanted: /^pc-i440fx-(8|9|1\d)\./, has, fix: /machine='pc-i440fx-7\.2'/ });
    await lab.shell('host-b', 'virsh destroy web');
    const cpu = "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>";
    const stored = await lab.on('host-b', 'virsh', 'dumpxml', '--inactive', 'web');
    const older = stored
      .replace(/machine='[^']*'/, "machine='pc-i440fx-7.2'")
      .replace(/<cpu [\s\S]*?(?:<\/cpu>|\/>)/, cpu);
    await define('host-b', older.trim());
    await lab.on('host-b', 'virsh', 'start', 'web');
    const { changes, warnings } = await lab.succeed('plan', lab.file);
    t.match(changes, [{ action: 'migrate' }]);
    t.notMatch(changes[0].why, /cannot be made/, 'with a machine type that both have it fits');
    t.same(warnings, []);
    isMigrated(t, await lab.migrate('web', 'host-a'), { vm: 'web', from: 'host-b', to: 'host-a' });
    t.equal(
      (await lab.shell('host-a', 'readlink /proc/$(cat /run/libvirt/qemu/web.pid)/exe')).trim(),
      '/run/old-qemu/qemu',
    );
    isMigrated(t, await lab.migrate('web', 'host-b'), { vm: 'web', from: 'host-a', to: 'host-b' });
    await heal();
  });

  await t.test('two libvirts that take themselves for one host, and a clock that is ahead', async (t) => {
    const uuid = await uuidOf(lab, 'host-b');
    const otherUuid = await takeUuid(lab, 'host-a', uuid);
    await refused(t, BACK, 'libvirt host UUID', {
      has: uuid,
      fix: /^On host-a: `sed -i .*systemctl restart libvirtd`/,
    });
    await otherUuid();
    const otherClock = await takeClock(lab, 'host-a', 90);
    await refused(t, BACK, 'clock', { has: /^(90|89\.9\d*) s ahead of$/, fix: /timedatectl/ }, 'configuration');
    await otherClock();
  });

  await t.test('offloads that need the kernel, and memory in huge pages', async (t) => {
    const pages = await MachinePages.begin();
    root.teardown(() => pages.end());
    const are = await pages.have(2 * PAGES + 8);
    for (const host of are ? BACK : []) await mountPages(lab, host);
    await lab.shell('host-b', 'virsh destroy web');
    const stored = await lab.on('host-b', 'virsh', 'dumpxml', '--inactive', 'web');
    const changed = stored
      .replace(/<driver name='qemu'>[\s\S]*?<\/driver>/, '')
      .replace('<vcpu', are ? '<memoryBacking><hugepages/></memoryBacking><vcpu' : '<vcpu');
    await define('host-b', changed.trim());
    await lab.on('host-b', 'virsh', 'start', 'web');
    const module = await takeModule(lab, 'host-b');
    await refused(t, BACK, 'datapath', { wanted: /^system, .*52:54:00:09:00:01/, has: 'netdev', fix: /virsh edit/ });
    await module();
    hasPages = are;
    if (!are) return t.comment('huge pages: the machine has none to give');
    await pages.have(PAGES + 8);
    await refused(t, BACK, 'huge pages', { wanted: `${PAGES} of 2 MiB`, has: '8 of 2 MiB free', fix: /\+ 56\)\)/ });
    await pages.have(2 * PAGES + 8);
  });

  await t.test('with hosts of a kind again it comes back', async (t) => {
    isMigrated(t, await lab.migrate('web', 'host-a'), { vm: 'web', from: 'host-b', to: 'host-a' });
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    if (hasPages)
      t.match(await lab.shell('host-a', 'cat /proc/$(cat /run/libvirt/qemu/web.pid)/maps'), '/dev/hugepages/');
  });
});
