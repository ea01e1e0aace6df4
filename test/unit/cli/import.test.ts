import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runVxmig } from './run-vxmig.js';

const XEN = `name = "web"
memory = 512
vif = [ 'mac=00:16:3e:00:00:11,bridge=xenbr0' ]
disk = [ '/dev/vg0/web,raw,hda,rw' ]
type = "hvm"
cpuid = "host"
`;
const QEMU = 'qemu-system-x86_64 -nodefaults -name db -m 1G -nic bridge,br=br0,mac=52:54:00:00:00:01 -pidfile /x\n';

t.test('for people: what goes into the topology, what libvirt gets, and what could not be carried over', async (t) => {
  const file = join(t.testdir({ 'web.cfg': XEN }), 'web.cfg');
  const { status, stdout, stderr } = await runVxmig(['import', file, '--host', 'host-b', '--network', 'blue']);
  t.equal(status, 0, stderr);
  t.match(stdout, '\n  web:\n    host: host-b\n    domain: web\n    memory: 512MiB\n    vcpus: 1\n    nics:\n');
  t.match(stdout, '      - {network: blue, mac: "00:16:3e:00:00:11"}\n');
  t.match(stdout, /<domain type='kvm'>\n {2}<name>web<\/name>/);
  t.match(stdout, /Not carried over \(1\)\n {2}.*web\.cfg:6:1: cpuid = "host"\n {4}.+\. .+/);
});

t.test('--json prints one document', async (t) => {
  const file = join(t.testdir({ 'line.sh': QEMU }), 'line.sh');
  const { status, stdout } = await runVxmig(['--json', 'import', file]);
  t.equal(status, 0);
  const document = JSON.parse(stdout) as Record<string, unknown>;
  t.strictSame(Object.keys(document), ['ok', 'source', 'vm', 'yaml', 'domain', 'changed', 'notCarried']);
  t.match(document, {
    ok: true,
    source: 'qemu',
    vm: {
      name: 'db',
      host: 'host-a',
      domain: 'db',
      memory: '1GiB',
      vcpus: 1,
      nics: [{ network: 'br0', mac: '52:54:00:00:00:01' }],
    },
    yaml: /^ {2}db:\n/,
    domain: /^<domain /,
    notCarried: [{ what: '-nodefaults' }, { what: '-pidfile /x', why: /./, hint: /./, where: `${file}:1:88` }],
  });
});

t.test('--output writes both files or none, and replaces none without --force', async (t) => {
  const directory = t.testdir({ 'web.cfg': XEN });
  const file = join(directory, 'web.cfg');
  const out = join(directory, 'new', 'place');
  const first = await runVxmig(['import', file, '--output', out]);
  t.equal(first.status, 0, first.stderr);
  t.match(first.stdout, /^Wrote .*web\.yaml and .*web\.xml\n\nCarried over otherwise/);
  t.strictSame(readdirSync(out).sort(), ['web.xml', 'web.yaml']);
  t.match(readFileSync(join(out, 'web.xml'), 'utf8'), /^<domain [\s\S]*<\/domain>\n$/);
  const half = join(directory, 'half');
  mkdirSync(half);
  writeFileSync(join(half, 'web.xml'), 'mine');
  for (const place of [out, half]) {
    const again = await runVxmig(['import', file, '--output', place]);
    t.equal(again.status, 3);
    t.match(again.stderr, /error \(USAGE\): .* is there already; nothing was written\n {2}fix: .*--force/);
  }
  t.strictSame(readdirSync(half), ['web.xml']);
  t.equal(readFileSync(join(half, 'web.xml'), 'utf8'), 'mine');
  t.equal((await runVxmig(['import', file, '--output', half, '--force'])).status, 0);
  t.match(readFileSync(join(half, 'web.xml'), 'utf8'), '<domain');
  const taken = join(directory, 'taken');
  mkdirSync(join(taken, 'web.xml'), { recursive: true });
  writeFileSync(join(taken, 'web.yaml'), 'mine');
  t.match(await runVxmig(['import', file, '--output', taken, '--force']), {
    status: 3,
    stderr: /error \(USAGE\): cannot write .*web\.xml: what is there is no file; nothing was written/,
  });
  t.equal(readFileSync(join(taken, 'web.yaml'), 'utf8'), 'mine', 'nor the one that could have been');
  t.strictSame(readdirSync(taken).sort(), ['web.xml', 'web.yaml']);
  const blocked = await runVxmig(['import', file, '--output', join(file, 'x')]);
  t.match(blocked, { status: 3, stderr: /error \(USAGE\): cannot write / });
});

t.test('what is wrong is named with its place, status 3, and nothing is written', async (t) => {
  const directory = t.testdir({
    'broken.cfg': 'name = "x"\nmemory = 512 MB\n',
    'letter.txt': 'Dear Sir or Madam\n',
    'large.cfg': 'memory = 1\n'.repeat(2 ** 20),
    'latin.cfg': Buffer.from('name = "caf\xe9"\n', 'latin1'),
  });
  const run = async (name: string, ...options: string[]) =>
    await runVxmig(['import', join(directory, name), '--output', join(directory, 'out'), ...options]);
  t.match(await run('broken.cfg'), { status: 3, stderr: /broken\.cfg:2:14: `MB` after the value \(.+\)\n$/ });
  t.match(await run('letter.txt'), { status: 3, stderr: /letter\.txt:1:1: it looks neither like .*--from/ });
  t.match(await run('letter.txt', '--from', 'qemu'), { status: 3, stderr: /no command here starts QEMU/ });
  t.match(await run('latin.cfg'), { status: 3, stderr: /latin\.cfg:1:12: a byte that is not UTF-8/ });
  t.match(await run('none.cfg'), { status: 3, stderr: /error \(NOT_FOUND\)/ });
  t.match(await run('.'), { status: 3, stderr: /error \(NOT_FOUND\): .* is a directory, not a configuration file/ });
  t.match(await run('large.cfg'), { status: 3, stderr: /large\.cfg:1:1: it has more than 256 KiB/ });
  for (const options of [['--host', 'Host A'], ['--network', '9'], ['--from', 'vmware'], ['--frobnicate']])
    t.match(await run('broken.cfg', ...options), { status: 3, stderr: /error \(USAGE\)/ }, options.join(' '));
  const json = await run('broken.cfg', '--json');
  t.match(JSON.parse(json.stdout), {
    ok: false,
    error: { code: 'IMPORT_INVALID', message: /./, hint: /./, where: /broken\.cfg:2:14$/ },
  });
  t.notOk(readdirSync(directory).includes('out'));
});
