import t from 'tap';
import { imported, topologyWith } from './fixture.js';

t.test('whatever it is called, libvirt and the topology take what comes of it', async (t) => {
  const cases: readonly (readonly [name: string, vm: string, domain: string])[] = [
    ['web', 'web', 'web'],
    ['Web Server 1', 'web-server-1', 'Web Server 1'],
    ['mail.example.org', 'mail-example-org', 'mail.example.org'],
    ['999', 'vm-999', 'vm-999'],
    ['+7', 'vm-7', 'vm-7'],
    ['9lives', 'lives', '9lives'],
    ['a/b', 'a-b', 'a-b'],
    ['a\\tb', 'a-b', 'a-b'],
    ['..', 'vm', 'vm'],
    ['../../etc/passwd', 'etc-passwd', '..-..-etc-passwd'],
    ['日本', 'vm', '日本'],
    ['null', 'null', 'null'],
    ['yes', 'yes', 'yes'],
    ['__proto__', 'proto', '__proto__'],
    ['x: y # z', 'x-y-z', 'x: y # z'],
    ['$(id)', 'id', '$(id)'],
    ['host-a', 'vm-host-a', 'host-a'],
    ['Ü'.repeat(200), 'vm', 'Ü'.repeat(127)],
    ['a'.repeat(300), 'a'.repeat(30), 'a'.repeat(255)],
  ];
  for (const [name, vm, domain] of cases) {
    const conversion = imported(`memory = 64\nname = "${name}"\n`);
    t.equal(conversion.vm.name, vm, name);
    t.equal(conversion.vm.domain, domain, name);
    const [read] = topologyWith(conversion).vms;
    t.equal(read?.name, vm, name);
    if (domain !== name.replace('\\t', '\t'))
      t.ok(
        conversion.changed.some(({ why }) => why.includes(domain)),
        `it is said that it is called ${domain}`,
      );
  }
});

t.test('a VM without a name is called after its file', async (t) => {
  for (const [file, domain] of [
    ['/etc/xen/web.cfg', 'web'],
    ['web.example.org', 'web.example'],
    ['/proc/4711/cmdline', 'cmdline'],
    ['42.cfg', 'vm-42'],
    ['.cfg', 'vm'],
  ] as const)
    t.equal(imported('memory = 64\nvcpus = 1\nvif = [ ]\n', {}, file).vm.domain, domain, file);
});
