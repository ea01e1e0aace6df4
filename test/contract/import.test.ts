import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { FIXTURE_NAMES, fixture, imported } from '../unit/import/fixture.js';

const run = promisify(execFile);

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function definitions(t: Test): { readonly name: string; readonly path: string; readonly domain: string }[] {
  const conversions = FIXTURE_NAMES.map((name) => ({ name, ...imported(fixture(name), {}, name) }));
  const directory = t.testdir(Object.fromEntries(conversions.map(({ name, domain }) => [`${name}.xml`, domain])));
  return conversions.map(({ name, vm }) => ({ name, path: join(directory, `${name}.xml`), domain: vm.domain }));
}

t.test(
  'libvirt’s own schema takes what import makes',
  { skip: !has('virt-xml-validate') && 'no virt-xml-validate' },
  async (t) => {
    for (const { name, path } of definitions(t)) await t.resolves(run('virt-xml-validate', [path, 'domain']), name);
  },
);

// The driver for tests is within virsh itself: no daemon, and nothing is left of it.
t.test('libvirt defines what import makes', { skip: !has('virsh') && 'no virsh' }, async (t) => {
  for (const { name, path, domain } of definitions(t)) {
    const script = `define ${path}; dumpxml --inactive '${domain}'`;
    const { stdout } = await run('virsh', ['-q', '-c', 'test:///default', script]);
    t.match(stdout, `<name>${domain}</name>`, name);
  }
});

/**
 * Why import converts by itself: libvirt's driver for QEMU has no such conversion, and Xen's works on a Xen host alone.
 * Where that changes, the decision is to be looked at again.
 */
t.test('virsh converts neither here', { skip: !has('virsh') && 'no virsh' }, async (t) => {
  const file = join(t.testdir({ 'x.args': 'qemu-system-x86_64 -m 1' }), 'x.args');
  for (const format of ['qemu-argv', 'xen-xl', 'xen-xm'])
    await t.rejects(
      run('virsh', ['-c', 'test:///default', 'domxml-from-native', format, file]),
      /not supported by the connection driver: virConnectDomainXMLFromNative/,
    );
});
