import t from 'tap';
import type { DiskPart, DiskSight, FileSight, PartSight, TokenSight } from '../../../lib/model/disk.js';
import { dropsCache, judgeDisks, type SeenByBoth } from '../../../lib/plan/disk-verdict.js';

const MOVE = { vm: 'shop', shellDomain: 'shop', from: 'node-a', to: 'node-b' };
const DISK: DiskPart = {
  name: 'vda',
  target: 'vda',
  use: 'written',
  removable: false,
  cache: 'none',
  place: { kind: 'path', path: '/srv/d.img' },
};
const ISO: DiskPart = { ...DISK, name: 'hdc', target: 'hdc', use: 'read', removable: true, cache: 'default' };
const FILE: FileSight = {
  kind: 'file',
  path: '/srv/d.img',
  type: 'file',
  device: '35',
  inode: '1520',
  directoryDevice: '35',
  sizeBytes: 8_388_608,
  uid: '0',
  gid: '0',
  born: '1795801081',
  fileSystem: 'ext4',
  mounted: '/dev/vda1',
  identity: '',
  digest: '',
};
const NFS = { ...FILE, fileSystem: 'nfs4', mounted: 'nas:/vms' };

interface Case {
  readonly part?: DiskPart;
  readonly here: PartSight;
  readonly there: PartSight;
  readonly token?: TokenSight | null;
  readonly boots?: readonly [string, string];
  readonly addresses?: readonly [string[], string[]];
  readonly dropsCache?: boolean;
}

function judge({
  part = DISK,
  here,
  there,
  token = null,
  boots = ['a', 'b'],
  addresses = [[], []],
  dropsCache = false,
}: Case) {
  const sight = (host: string, index: 0 | 1, seen: PartSight): DiskSight => ({
    host,
    bootId: boots[index],
    addresses: addresses[index],
    parts: [seen],
  });
  const seen: SeenByBoth = {
    parts: [part],
    source: sight('node-a', 0, here),
    destination: sight('node-b', 1, there),
    tokens: [token],
    dropsCache,
  };
  const judged = judgeDisks(MOVE, seen);
  const proven = judged.flatMap((one) => ('by' in one ? [one] : []));
  const obstacles = judged.flatMap((one) => ('by' in one ? [] : [one]));
  return {
    by: proven[0]?.by,
    hidden: proven[0]?.hiddenFromLibvirt,
    code: obstacles[0]?.code,
    why: obstacles[0]?.why ?? '',
    fix: obstacles[0]?.fix ?? '',
  };
}

t.test('a file is the same by what is seen of it, never by its name and size', async (t) => {
  const blank = { ...FILE, inode: '77' };
  t.match(judge({ here: FILE, there: blank, token: 'unseen' }), {
    code: 'DISK_NOT_SHARED',
    why: /vda of shop \(\/srv\/d.img\) is another file on node-b/,
  });
  t.match(judge({ here: FILE, there: FILE, token: 'unseen' }), { code: 'DISK_NOT_SHARED' }, 'one inode by chance');
  t.match(
    judge({ here: FILE, there: blank, token: 'seen' }),
    { code: 'DISK_NOT_SHARED', why: /inodes differ/ },
    'another file, mounted over it',
  );
  t.match(judge({ here: FILE, there: { ...FILE, device: '36' }, token: 'seen' }), {
    code: 'DISK_NOT_SHARED',
    why: /mount point by itself/,
  });
  t.match(judge({ here: FILE, there: FILE, token: 'unwritten' }), {
    code: 'DISK_NOT_SHARED',
    why: /may be another file/,
  });
  t.match(judge({ here: FILE, there: FILE, token: 'seen' }), { by: 'token', hidden: true, code: undefined });
  t.match(
    judge({ here: NFS, there: { ...NFS, device: '50', directoryDevice: '50' }, token: 'seen' }),
    { by: 'token', hidden: false },
    'libvirt knows NFS',
  );
  t.match(judge({ here: FILE, there: { kind: 'missing', path: '/srv/d.img', why: 'No such file or directory' } }), {
    code: 'DISK_NOT_SHARED',
    why: /is not there on node-b: No such file/,
    fix: /virsh blockcopy shop vda/,
  });
});

t.test('where nothing can be written beside it, the server and the file’s birth say', async (t) => {
  t.match(judge({ here: NFS, there: NFS, token: 'unwritten' }), { by: 'mount' });
  t.match(judge({ here: NFS, there: { ...NFS, mounted: 'other:/vms' }, token: 'unwritten' }), {
    code: 'DISK_NOT_SHARED',
  });
  t.match(judge({ here: NFS, there: { ...NFS, born: '5' }, token: 'unwritten' }), { code: 'DISK_NOT_SHARED' });
  const local = { ...NFS, mounted: 'localhost:/vms' };
  t.match(
    judge({ here: local, there: local, token: 'unwritten' }),
    { code: 'DISK_NOT_SHARED' },
    'each host means itself',
  );
});

t.test('one kernel sees one file, with one page cache', async (t) => {
  const cached = { ...DISK, cache: 'default' };
  t.match(judge({ part: cached, here: FILE, there: FILE, boots: ['a', 'a'], token: 'seen' }), {
    by: 'kernel',
    hidden: true,
  });
  t.match(
    judge({
      part: cached,
      here: FILE,
      there: { ...FILE, device: '36', directoryDevice: '36' },
      boots: ['a', 'a'],
      token: 'unseen',
    }),
    { code: 'DISK_NOT_SHARED' },
  );
  t.match(
    judge({ part: cached, here: FILE, there: FILE, boots: ['', ''], token: 'seen' }),
    { code: 'HOST_UNFIT' },
    'nobody knows which kernel has it in its page cache',
  );
  t.match(
    judge({ part: cached, here: FILE, there: FILE, boots: ['a', 'a'], token: 'unseen' }),
    { code: 'DISK_NOT_SHARED' },
    'machines resumed from one snapshot have one boot id, one device and one inode',
  );
});

t.test('a cache mode that keeps what was written on the old host', async (t) => {
  for (const cache of ['default', 'writeback', 'writethrough', 'unsafe']) {
    const part = { ...DISK, cache };
    t.match(
      judge({ part, here: NFS, there: NFS, token: 'seen' }),
      { code: 'HOST_UNFIT', fix: /virsh edit shop.*cache='none'.*vda/ },
      cache,
    );
    t.match(
      judge({ part, here: NFS, there: NFS, token: 'seen', dropsCache: true }),
      cache === 'unsafe' ? { code: 'HOST_UNFIT', why: /cache mode unsafe/ } : { by: 'token' },
      `${cache}, with a QEMU that drops what it has read before`,
    );
    const gfs = { ...FILE, fileSystem: 'gfs2' };
    t.match(
      judge({ part, here: gfs, there: gfs, token: 'seen' }),
      cache === 'unsafe' ? { code: 'HOST_UNFIT' } : { by: 'token' },
      cache,
    );
  }
  for (const cache of ['none', 'directsync'])
    t.match(judge({ part: { ...DISK, cache }, here: NFS, there: NFS, token: 'seen' }), { by: 'token' });
});

t.test('which QEMU drops its cache when a guest arrives', async (t) => {
  for (const version of ['4.0.0', '10.0.2']) t.ok(dropsCache(version), version);
  for (const version of ['3.1.0', '', 'unknown']) t.notOk(dropsCache(version), version);
});

t.test('block devices are told by the WWNs of the disks below them', async (t) => {
  const lun: FileSight = { ...FILE, type: 'block', identity: '0x5000c500a1b2c3d4 / ', fileSystem: 'devtmpfs' };
  t.match(judge({ here: lun, there: { ...lun, inode: '9' } }), { by: 'device', hidden: false });
  t.match(judge({ here: lun, there: { ...lun, identity: '0x5000c500a1b2c3d5 / ' } }), {
    code: 'DISK_NOT_SHARED',
    why: /another device/,
  });
  t.match(judge({ here: { ...lun, identity: '' }, there: { ...lun, identity: '' } }), {
    code: 'DISK_NOT_SHARED',
    why: /without a WWN/,
  });
  t.match(judge({ part: { ...DISK, cache: 'writeback' }, here: lun, there: lun }), { code: 'HOST_UNFIT' });
  t.match(judge({ here: lun, there: FILE }), {
    code: 'DISK_NOT_SHARED',
    why: /is a block on node-a and a file on node-b/,
  });
});

t.test('of a large backing file the ends prove nothing', async (t) => {
  const large = { ...FILE, sizeBytes: 2 ** 30, digest: `${2 ** 30} abc` };
  const part: DiskPart = { ...DISK, name: "vda's backing file", use: 'read' };
  t.match(judge({ part, here: large, there: { ...large, inode: '3' }, token: 'unseen' }), { code: 'DISK_NOT_SHARED' });
  t.match(judge({ part, here: large, there: large, token: 'seen' }), { by: 'token' });
  t.match(judge({ part: ISO, here: large, there: { ...large, inode: '3' } }), { by: 'content' });
});

t.test('what is only read may be a copy', async (t) => {
  const one = { ...FILE, digest: '400000 abc' };
  t.match(judge({ part: ISO, here: one, there: { ...one, inode: '3' } }), { by: 'content' });
  t.match(judge({ part: ISO, here: one, there: { ...one, inode: '3', digest: '400000 abd' } }), {
    code: 'DISK_NOT_SHARED',
    why: /another content/,
  });
  t.match(
    judge({ part: ISO, here: FILE, there: { ...FILE, inode: '3' } }),
    { code: 'DISK_NOT_SHARED' },
    'a digest that could not be made proves nothing',
  );
  const gone = judge({
    part: ISO,
    here: one,
    there: { kind: 'missing', path: '/srv/setup.iso', why: 'No such file or directory' },
  });
  t.match(gone.fix, /Copy it to node-b.*virsh change-media shop hdc --eject --live --config/);
  const kernel: DiskPart = { ...ISO, name: 'kernel', target: '', use: 'boot', removable: false };
  t.match(judge({ part: kernel, here: FILE, there: { ...FILE, inode: '3' } }), { by: 'content' });
  t.match(judge({ part: kernel, here: FILE, there: { ...FILE, sizeBytes: 1 } }), {
    code: 'HOST_UNFIT',
    why: /another size/,
  });
});

t.test('a server is one where both hosts mean the same by its name, and it answers the new one', async (t) => {
  const nbd = (name: string, socket: string | null = null): DiskPart => ({
    ...DISK,
    cache: 'writeback',
    place: { kind: 'server', protocol: 'nbd', export: 'shop', servers: [{ name, port: 10809, socket }] },
  });
  const seen = (addresses: string[], silence = ''): PartSight => ({
    kind: 'server',
    servers: [{ addresses, silence }],
  });
  const nas = seen(['198.18.9.1']);
  t.match(judge({ part: nbd('nas'), here: nas, there: nas }), { by: 'server', hidden: false });
  t.match(judge({ part: nbd('nas'), here: nas, there: seen(['198.18.9.1'], 'Connection refused') }), {
    why: /nas:10809, which does not answer node-b: Connection refused/,
  });
  t.match(judge({ part: nbd('nas'), here: nas, there: seen(['198.18.9.2']) }), {
    why: /is 198.18.9.1 for node-a and 198.18.9.2 for node-b/,
  });
  t.match(judge({ part: nbd('nas'), here: nas, there: seen([]) }), { why: /node-b cannot resolve/ });
  for (const address of ['127.0.0.1', '::1', '0.0.0.0']) {
    t.match(judge({ part: nbd('localhost'), here: seen([address]), there: seen([address]) }), {
      code: 'DISK_NOT_SHARED',
      why: /each means itself/,
    });
  }
  const bridged = seen(['192.168.122.1']);
  t.match(
    judge({
      part: nbd('192.168.122.1'),
      here: bridged,
      there: bridged,
      addresses: [['192.168.122.1'], ['192.168.122.1']],
    }),
    { why: /both have the address/ },
  );
  t.match(
    judge({
      part: nbd('198.18.1.10'),
      here: seen(['198.18.1.10']),
      there: seen(['198.18.1.10']),
      addresses: [['198.18.1.10'], []],
    }),
    { by: 'server' },
    'served by the old host itself',
  );
  t.match(judge({ part: nbd('', '/run/nbd.sock'), here: seen([]), there: seen([]) }), {
    code: 'DISK_NOT_SHARED',
    why: /socket of node-a itself/,
  });
  const rbd: DiskPart = { ...DISK, place: { kind: 'server', protocol: 'rbd', export: 'pool/shop', servers: [] } };
  t.match(judge({ part: rbd, here: { kind: 'server', servers: [] }, there: { kind: 'server', servers: [] } }), {
    code: 'DISK_NOT_SHARED',
  });
});

t.test('what cannot be looked at is not let through', async (t) => {
  const part: DiskPart = { ...DISK, place: { kind: 'other', type: 'nvme' } };
  t.match(judge({ part, here: { kind: 'unknown' }, there: { kind: 'unknown' } }), {
    code: 'DISK_NOT_SHARED',
    why: /of the type nvme/,
  });
  t.match(judge({ here: { kind: 'unknown' }, there: FILE }), { code: 'DISK_NOT_SHARED' });
});
