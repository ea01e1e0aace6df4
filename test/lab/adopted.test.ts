import { type Document, onLab } from './harness.js';
import { migrateWithoutLoss } from './without-loss.js';

const MAC = '52:54:00:09:00:01';

/** Names of domains are libvirt's, which takes what people write. */
const DOMAIN = "Büro Server 2, Anna's";

/**
 * As somebody has defined it long before vxmig came: with a network of its own and a screen that asks for a password.
 */
const definition = (driver: string) => `<domain type='qemu'>
  <name>${DOMAIN}</name><uuid>6ba7b810-9dad-41d1-80b4-00c04fd430c8</uuid><memory unit='MiB'>128</memory><vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>/var/lib/vxmig/images/micro/vmlinuz</kernel>
    <initrd>/var/lib/vxmig/images/micro/initrd.img</initrd>
    <cmdline>console=ttyS0 vxmig.name=legacy vxmig.nic=${MAC},1450,10.9.0.1/24,fd00:9::1/64</cmdline>
  </os>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
  <devices>
    <interface type='ethernet'>
      <mac address='${MAC}'/><model type='virtio'/><alias name='ua-front'/>
      ${driver}
    </interface>
    <serial type='pty'/>
    <graphics type='vnc' port='-1' autoport='yes' passwd='s3cret'/>
    <video><model type='vga' vram='16384'/></video>
    <memballoon model='none'/>
  </devices>
</domain>`;

await onLab('two-subnets', async (t, lab) => {
  await lab.edit((text) => text.replace(/^( *)image: micro.*$/m, `$1domain: "${DOMAIN}"`));
  const define = (driver: string) =>
    lab.shell('host-a', `cat >/tmp/legacy.xml <<'XML'\n${definition(driver)}\nXML\nvirsh define /tmp/legacy.xml`);

  await t.test('NIC offloads are warned of, and the lines that are said against them are enough', async (t) => {
    await define('');
    const [warning = '', ...others] = (await lab.succeed('plan', lab.file)).warnings;
    t.same(others, []);
    t.match(warning, `\`virsh edit 'Büro Server 2, Anna'\\''s'\``, 'which can be pasted');
    const [, lines = ''] = /give the <interface> of \S+ (<driver.*<\/driver>),/.exec(warning) ?? [];
    const { checks } = await lab.succeed('doctor', lab.file);
    const advice = checks.find(({ name }: Document) => name === 'host-a: NIC offloads of web');
    t.match(advice, { ok: true, seen: `on at ${MAC}: it has ping and no TCP` });
    t.ok(advice.hint.includes(lines));
    // With several queues, as it may have been given for its speed.
    await define(lines.replace("name='qemu'", "name='qemu' queues='2'"));
    t.same((await lab.succeed('plan', lab.file)).warnings, []);
  });
  const virsh = (host: string, ...words: string[]) => lab.on(host, 'virsh', '-q', ...words);
  /** Its stored definition, with what libvirt hides. */
  const stored = (host: string) => virsh(host, 'dumpxml', '--inactive', '--security-info', DOMAIN);
  const vmCheck = async () =>
    (await lab.run('verify', lab.file)).document.checks.find(({ name }: Document) => name === 'VM web');

  await t.test('one that is on keeps its NIC until its next start, and is not moved so', async (t) => {
    await virsh('host-a', 'autostart', DOMAIN);
    await virsh('host-a', 'start', DOMAIN);
    const applied = (await lab.apply()).changes.find(({ kind }: Document) => kind === 'vm');
    t.match(applied, {
      name: DOMAIN,
      action: 'update',
      details: [`NIC ${MAC}: a tap of libvirt’s → the tap tap-web-`, 'MTU'],
    });
    const plan = await lab.succeed('plan', lab.file);
    t.same(plan.changes, []);
    t.match(plan.pending, [{ domain: DOMAIN, state: 'on', nics: [{ mac: MAC, connectedTo: /^the tap vnet/ }] }]);
    t.match(plan.warnings, [
      new RegExp(`${DOMAIN} on host-a has its NIC .* at the tap vnet\\d+, not at the tap tap-web-`),
    ]);
    t.match(await vmCheck(), { ok: false, seen: /at the tap vnet\d+, not at the tap/ });
    const refused = {
      exitCode: 1,
      document: { error: { code: 'HOST_UNFIT', message: /at the tap vnet\d+, not at the tap/ } },
    };
    t.match(await lab.run('migrate', lab.file, 'web', '--to', 'host-b'), refused);
    await virsh('host-a', 'managedsave', DOMAIN);
    t.match((await lab.succeed('plan', lab.file)).pending, [{ state: 'saved' }]);
    t.match((await lab.apply()).changes, [], 'it is not started with the NIC that it had');
    await virsh('host-a', 'managedsave-remove', DOMAIN);
  });

  await t.test('its password, and all that need not change, is kept', async (t) => {
    await lab.apply();
    const xml = await stored('host-a');
    t.match(xml, /passwd='s3cret'/);
    t.match(xml, /<alias name='ua-front'\/>/);
    t.match(xml, /<driver name='qemu' queues='2'>/);
    t.match((await lab.succeed('plan', lab.file)).warnings, []);
    const shell = await lab.start('plan', lab.file, '--as-shell');
    t.notMatch(`${shell.stdout}`, 's3cret');
  });

  await t.test('paused by its owner it stays so, and is not moved', async (t) => {
    await virsh('host-a', 'suspend', DOMAIN);
    t.match(await lab.run('migrate', lab.file, 'web', '--to', 'host-b'), {
      exitCode: 1,
      document: {
        error: {
          code: 'HOST_UNFIT',
          message: /web is paused on host-a \(by its user\), and is not moved/,
          hint: /virsh resume/,
        },
      },
    });
    const applied = await lab.run('apply', lab.file);
    t.match(applied, { exitCode: 0, document: { changes: [] } });
    t.notMatch(applied.stderr, 'does not answer', 'nobody waits for a guest that stands still');
    t.match((await lab.succeed('plan', lab.file)).warnings, [
      `${DOMAIN} is paused on host-a (by its user), and is left so`,
    ]);
    t.match(await virsh('host-a', 'domstate', DOMAIN), /^paused/);
    await virsh('host-a', 'resume', DOMAIN);
  });

  await t.test('another VM of its name is in the way, and is not taken for it', async (t) => {
    const other = `<domain type='qemu'><name>${DOMAIN}</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
    await lab.shell('host-b', `echo "${other}" >/tmp/other.xml; virsh define /tmp/other.xml`);
    t.match(await lab.run('migrate', lab.file, 'web', '--to', 'host-b'), {
      exitCode: 1,
      document: {
        error: {
          code: 'CLASH',
          message: `another VM called ${DOMAIN} (UUID `,
          hint: `virsh domrename 'Büro Server 2, Anna'\\''s'`,
        },
      },
    });
    t.match((await lab.succeed('plan', lab.file)).warnings, [
      new RegExp(`another VM called ${DOMAIN} \\(UUID .*\\) is on host-b`),
    ]);
    await virsh('host-b', 'undefine', DOMAIN);
  });

  for (const [from, to] of [
    ['host-a', 'host-b'],
    ['host-b', 'host-a'],
    ['host-a', 'host-b'],
  ] as const) {
    await t.test(`a domain that vxmig has not made moves from ${from} to ${to}`, async (t) => {
      // The zeros of its video memory come last, and would let QEMU pause it before anybody looks.
      await migrateWithoutLoss(t, lab, 'web', { from, to });
      t.match(await lab.on(to, 'virsh', 'list', '--persistent', '--name'), new RegExp(`^${DOMAIN}$`, 'm'));
      t.notMatch(await lab.on(from, 'virsh', 'list', '--all', '--name'), DOMAIN);
      t.match(await lab.page('host-c', 'blue', 'http://10.9.0.1/'), /^vxmig guest legacy\n/);
      t.match(await virsh(to, 'dominfo', DOMAIN), /^Autostart: +enable$/m);
      t.match(await stored(to), /passwd='s3cret'/);
      t.notMatch(await virsh(to, 'dumpxml', DOMAIN), /arriving/, 'it has come, and nobody need wake it');
    });
  }

  await t.test('what it had is given back when it is off, and it is not cut off before', async (t) => {
    const clash = {
      exitCode: 1,
      document: { error: { code: 'CLASH', message: new RegExp(`${DOMAIN} is on .* on host-b`) } },
    };
    t.match(await lab.run('destroy', lab.file, '--yes'), clash);
    await lab.edit((text) => text.replace(/^vms:.*?(?=^\S)/ms, '').replace(/^probes:.*/ms, ''));
    t.match(await lab.run('apply', lab.file), clash);
    t.match(await lab.page('host-c', 'blue', 'http://10.9.0.1/'), /^vxmig guest legacy\n/);
    await virsh('host-b', 'destroy', DOMAIN);
    const { changes } = await lab.apply();
    t.match(
      changes.filter(({ kind }: Document) => kind === 'vm'),
      [{ host: 'host-b', name: DOMAIN, details: [/the tap tap-web-\S+ → a tap of libvirt’s$/] }],
    );
    const xml = await stored('host-b');
    t.notMatch(xml, /<target dev=|<mtu/);
    t.match(xml, /passwd='s3cret'/);
    t.notMatch(xml, /vxmig.org/);
    await virsh('host-b', 'start', DOMAIN);
  });
});
