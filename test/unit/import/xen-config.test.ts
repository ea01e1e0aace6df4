import t from 'tap';
import { diskSpec } from '../../../lib/import/xen/disk-spec.js';
import { readConfig, type XenValue } from '../../../lib/import/xen/read-config.js';
import { imported } from './fixture.js';

function plain(value: XenValue | undefined): unknown {
  if (value === undefined || value.kind === 'code') return undefined;
  if (value.kind === 'list') return value.items.map(plain);
  return value.kind === 'number' ? value.number : value.text;
}

t.test('values', async (t) => {
  const { values } = readConfig(`a = 1; b = 0x10 ; c = 010
d = 'it''s' # a comment
e = "x=#1" 'y'
f = [ 'p', # one
  "q", 7, ('r',), ] + ['s']
g = True
a += 2
h = a + 1
i = "\\x41\\n\\"\\101\\q"
j = """two
lines"""
k= []
  indented = 3
if = 4`);
  t.strictSame(
    [...values].map(([key, { value }]) => [key, plain(value)]),
    [
      ['b', 16],
      ['c', 8],
      ['d', 'its'],
      ['e', 'x=#1y'],
      ['f', ['p', 'q', 7, ['r'], 's']],
      ['g', 1],
      ['a', 3],
      ['h', 4],
      ['i', 'A\n"A\\q'],
      ['j', 'two\nlines'],
      ['k', []],
      ['indented', 3],
      ['if', 4],
    ],
  );
});

t.test('Python is not run: what only running it could tell is code', async (t) => {
  const { values, code } = readConfig(`import os
for x in range(3):
    evil = os.system('id')

    more = 1
name = "vm%d" % 3
memory = int("512")
vcpus = os.cpu_count()
disk = [ 'a' % b, 'c,d', func('x, y]'), ]
ok = 'yes'
os.remove('/')
`);
  t.strictSame(
    [...values].map(([key, { value }]) => [key, value.kind]),
    [
      ['name', 'code'],
      ['memory', 'code'],
      ['vcpus', 'code'],
      ['disk', 'list'],
      ['ok', 'string'],
    ],
  );
  t.strictSame(plain(values.get('disk')?.value), [undefined, 'c,d', undefined]);
  t.strictSame(
    code.map(({ text, place }) => [text.split('\n')[0], place?.line]),
    [
      ['import os', 1],
      ['for x in range(3):', 2],
      ["os.remove('/')", 11],
    ],
  );
});

t.test('how a disk may be written to', async (t) => {
  const disk = (text: string) =>
    /<disk [\s\S]*?<\/disk>/.exec(imported(`type="hvm"\nmemory=1\nname="x"\ndisk=["${text}"]\n`).domain)?.[0] ?? '';
  t.match(disk('/a,raw,xvda,r'), /<readonly\/>/);
  t.match(disk('/a,raw,xvda,w!'), /<shareable\/>/);
  t.notMatch(disk('/a,raw,xvda,w'), /readonly|shareable/);
  // Else what one host has cached is lost when the VM moves, for which libvirt refuses to move it.
  for (const format of ['raw', 'qcow2']) t.match(disk(`/a,${format},xvda,w`), `type='${format}' cache='none'`);
  t.match(disk('/a.iso,,hdc,cdrom'), /device='cdrom'[\s\S]*<readonly\/>/);
});

t.test('a script’s own variables are no keys of Xen’s; unknown keys are named', async (t) => {
  const { domain, notCarried } = imported(
    'base = "/srv"\nmemory = 1\nname = "x"\ndisk = [ base + "/a,raw,hda" ]\nbas = 1\n',
  );
  t.match(domain, "<source file='/srv/a'/>");
  t.strictSame(
    notCarried.map(({ what }) => what),
    ['bas = 1'],
  );
});

t.test('a display that asked for a password listens to its own host alone', async (t) => {
  const listens = (lines: string) =>
    /listen='([^']*)'/.exec(imported(`type="hvm"\nname="x"\nmemory=1\n${lines}\n`).domain)?.[1];
  const cases: readonly (readonly [lines: string, listen: string])[] = [
    ['vnc=1', '127.0.0.1'],
    ['vnc=1\nvnclisten="0.0.0.0"', '0.0.0.0'],
    ['vnc=1\nvnclisten="0.0.0.0:1"\nvncpasswd=""', '0.0.0.0'],
    ['vnc=1\nvnclisten="0.0.0.0"\nvncpasswd="hunter2"', '127.0.0.1'],
    ['vnc=1\nvnclisten="192.0.2.1"', '127.0.0.1'],
    ['spice=1\nspicehost="0.0.0.0"\nspicedisable_ticketing=1', '0.0.0.0'],
    ['spice=1\nspicehost="0.0.0.0"\nspicepasswd="hunter2"', '127.0.0.1'],
    ["vfb=['vnc=1,vnclisten=0.0.0.0']", '0.0.0.0'],
    ["vfb=['vnc=1,vnclisten=0.0.0.0,vncpasswd=hunter2']", '127.0.0.1'],
  ];
  for (const [lines, listen] of cases) t.equal(listens(lines), listen, lines);
});

t.test('a file of Windows’ is read as any other', async (t) => {
  const text = 'name = "x"\nmemory = 512\nvif = [ "bridge=br0" ] # one\n';
  t.strictSame(imported(`\ufeff${text.replaceAll('\n', '\r\n')}`), imported(text));
});

t.test('mistakes have their place and a fix', async (t) => {
  const cases: readonly (readonly [text: string, where: string, message: RegExp])[] = [
    ['name = "a\nmemory = 1', '1:8', /this string does not end/],
    ['memory = 1\nvif = [ "a"', '2:7', /this list does not end/],
    ['memory = 1\nvif = [ "a" "b" 3 ]', '2:17', /`3` within a list/],
    ['memory = 512 MB', '1:14', /`MB` after the value/],
    ['memory =\n', '1:9', /a value is missing/],
    ['memory = 1\n  hello world', '2:3', /`hello world` is no `key = value`/],
    ['memory = [[[[[[[[[[1]]]]]]]]]]', '1:18', /lists within lists/],
    ['name = "x"', '1:1', /no memory that can be read/],
    ['memory = "lots"', '1:1', /no memory that can be read/],
  ];
  for (const [text, where, message] of cases)
    t.throws(() => imported(text, {}, 'x.cfg'), { code: 'IMPORT_INVALID', message, where: `x.cfg:${where}` }, text);
});

t.test('disks in every form', async (t) => {
  const cases: readonly (readonly [text: string, disk: string | null])[] = [
    ['/dev/vg/g,raw,xvda,rw', '/dev/vg/g raw xvda rw'],
    ['/dev/vg/g,,hda', '/dev/vg/g raw hda'],
    ['phy:/dev/vg/g,xvda1,w', '/dev/vg/g raw xvda1 w physical'],
    ['phy:sda7,sda1,w', 'sda7 raw sda1 w physical'],
    ['file:/a.img,ioemu:hda,w', '/a.img raw hda w'],
    ['tap:aio:/a.img,xvda,w', '/a.img raw xvda w'],
    ['tap2:qcow2:/a.qcow2,xvda,w!', '/a.qcow2 qcow2 xvda w!'],
    ['qcow2:/a.qcow2,xvdb', '/a.qcow2 qcow2 xvdb'],
    [',hdc:cdrom,r', ' raw hdc r cdrom'],
    ['/a.iso,,hdc,cdrom', '/a.iso raw hdc cdrom'],
    ['vdev=hda, format=vhd, target=/a, b,c', '/a, b,c vpc hda'],
    ['format=raw,devtype=cdrom,vdev=hdc,access=r,target=', ' raw hdc r cdrom'],
    ['/a,raw,xvda,rw,script=block-drbd,backend=disks', '/a raw xvda rw +script=block-drbd +backend=disks'],
    ['/a,raw,xvda,rw,no-such', '/a raw xvda rw +no-such'],
    ['/a,zip,xvda', null],
    ['/a,raw', null],
    ['', null],
    ['/a,raw,xvda,maybe', null],
  ];
  for (const [text, expected] of cases) {
    const found = diskSpec(text);
    const words = (disk: NonNullable<typeof found>) =>
      [
        disk.target,
        disk.format,
        disk.vdev,
        ...(disk.access === '' ? [] : [disk.access]),
        ...(disk.cdrom ? ['cdrom'] : []),
        ...(disk.physical ? ['physical'] : []),
        ...disk.others.map((other) => `+${other}`),
      ].join(' ');
    t.equal(found === null ? null : words(found), expected, text);
  }
});
