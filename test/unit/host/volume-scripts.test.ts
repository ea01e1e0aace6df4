import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { baseSights } from '../../../lib/host/base-sight.js';
import { IMAGE_FORMAT } from '../../../lib/host/image-format.js';
import { NFS_LOOK } from '../../../lib/host/nfs-look.js';
import { volumeSight } from '../../../lib/host/volume-sight.js';

const NEEDS = spawnSync('qemu-img', ['--version']).error === undefined ? false : 'no qemu-img';
const MARK = '{"topology":"shop","vm":"web","index":0}';

/** As it is sent to a host. */
function script(name: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
  const path = fileURLToPath(new URL(`../../../../lib/host/${name}.sh`, import.meta.url));
  const input = [IMAGE_FORMAT, NFS_LOOK, readFileSync(path, 'utf8')].join('\n');
  const { status, stdout, stderr } = spawnSync('sh', ['-s', '--', ...args], { encoding: 'utf8', input });
  return { status, output: `${stdout}${stderr}` };
}

function made(t: Test, format = 'qcow2', bytes = '1048576', base = '') {
  const directory = t.testdir({ 'base.raw': '' });
  const place = `${directory}/a pool/shop-web-0.qcow2`;
  return { directory, place, ...script('make-volume', place, format, bytes, base, MARK) };
}

function seen(place: string) {
  const [, answer = ''] = script('volume-sight', '', place).output.split(/^=== (?:volume|end)\n/m);
  return volumeSight(place, answer);
}

t.test('an image is made, seen, and removed', { skip: NEEDS }, async (t) => {
  const { place, status } = made(t);
  t.equal(status, 0);
  t.match(seen(place), {
    image: { kind: 'there', format: 'qcow2', sizeBytes: 1_048_576, backing: null },
    mark: { topology: 'shop', vm: 'web', index: 0 },
  });
  t.equal(script('remove-volume', place, MARK).status, 0);
  t.match(seen(place), { image: { kind: 'absent' }, mark: null });
  t.equal(script('remove-volume', place, MARK).status, 0, 'what is gone is gone');
});

t.test('one that was made without a mount, on the server, is the same seen through one', { skip: NEEDS }, async (t) => {
  const { place } = made(t);
  writeFileSync(`${place}.vxmig`, Buffer.concat([Buffer.from(`${MARK}\n`), Buffer.alloc(469)]));
  t.match(seen(place).mark, { topology: 'shop', vm: 'web', index: 0 });
  t.equal(script('remove-volume', place, MARK).status, 0);
});

t.test('one begins with its base, and is never smaller', { skip: NEEDS }, async (t) => {
  const { directory } = made(t);
  const base = `${directory}/base.raw`;
  writeFileSync(base, Buffer.alloc(2 ** 20, 'x'));
  const place = `${directory}/of-base.qcow2`;
  t.equal(script('make-volume', place, 'raw', '2097152', base, MARK).status, 0);
  const image = readFileSync(place);
  t.equal(image.length, 2 ** 21);
  t.ok(image.subarray(0, 2 ** 20).every((byte) => byte === 'x'.charCodeAt(0)));
  const small = script('make-volume', `${directory}/small`, 'raw', '512', base, MARK);
  t.match(small, { status: 1, output: /has 1048576 bytes, more than the 512/ });
  t.match(script('make-volume', `${directory}/none`, 'raw', '512', `${directory}/no`, MARK), {
    status: 1,
    output: /the image .*\/no is not there/,
  });
  t.notOk(existsSync(`${directory}/small`) || existsSync(`${directory}/small.part`), 'nothing is left');
});

t.test('what is there already is never touched', { skip: NEEDS }, async (t) => {
  const { place } = made(t);
  writeFileSync(place, 'the only copy');
  t.match(script('make-volume', place, 'qcow2', '1048576', '', MARK), { status: 1, output: /is there already/ });
  t.match(script('remove-volume', place, MARK.replace('web', 'db')), { status: 1, output: /is not marked/ });
  t.equal(readFileSync(place, 'utf8'), 'the only copy');
});

t.test('one that a guest has open is not removed', { skip: NEEDS }, async (t) => {
  const { place } = made(t);
  const held = spawnSync('sh', [
    '-c',
    // qemu-io has it open to write, as QEMU would; it ends with its input.
    '(sleep 3) | qemu-io -f qcow2 "$1" >/dev/null & sleep 1; sh "$2" "$1" "$3"; echo "status $?"; wait',
    'sh',
    place,
    fileURLToPath(new URL('../../../../lib/host/remove-volume.sh', import.meta.url)),
    MARK,
  ]);
  t.match(String(held.stdout), /status 1/);
  t.ok(existsSync(place));
});

t.test('an image for a disk that is on its way: made, kept, or taken away', { skip: NEEDS }, async (t) => {
  const directory = t.testdir({ base: 'x'.repeat(2 ** 20) });
  const place = `${directory}/own/shop-web-0.qcow2`;
  const arriving = '{"topology":"shop","vm":"web","index":0,"from":"host-a"}';
  const receive = (needed: string, base: string, ...marks: string[]) =>
    script('receive-volume', place, 'qcow2', '1048576', needed, base, base === '' ? '' : 'raw', ...marks);
  t.match(receive('999999999999999', '', arriving), { status: 1, output: /no room: 999999999999999 bytes are needed/ });
  t.notOk(existsSync(place) || existsSync(`${place}.vxmig`), 'nothing is left');
  t.equal(receive('1', `${directory}/base`, arriving).status, 0);
  t.match(seen(place), {
    image: { kind: 'there', sizeBytes: 1_048_576, backing: { path: `${directory}/base`, format: 'raw' } },
    mark: { from: 'host-a' },
  });
  t.equal(receive('1', '', arriving).status, 0, 'what was cut off is made anew');
  t.match(seen(place), { image: { backing: null } });

  t.match(script('settle-volume', place, MARK, MARK), { status: 1, output: /has another mark/ });
  t.equal(script('settle-volume', place, arriving, MARK).status, 0);
  t.strictSame(seen(place).mark, { topology: 'shop', vm: 'web', index: 0 });
  t.match(receive('1', '', arriving), { status: 1, output: /is there already/ }, 'the VM’s own is never overwritten');
  t.equal(receive('1', '', arriving, MARK).status, 0, 'unless the VM has left it');
  t.equal(script('settle-volume', place, arriving, '').status, 0);
  t.equal(seen(place).mark, null, 'it is its owner’s');
  t.match(receive('1', '', arriving), { status: 1, output: /is there already/ });
});

/** What the scripts say of an image that a disk is to begin with. */
function judged(t: Test, write: (path: string) => void) {
  const directory = t.testdir({});
  const path = `${directory}/an image`;
  write(path);
  const [sight] = baseSights([path], script('base-sight', path).output);
  const { output } = script('make-volume', `${directory}/disk`, 'raw', '0', path, MARK);
  return { sight, output, disk: existsSync(`${directory}/disk`) ? readFileSync(`${directory}/disk`) : null };
}

const qemuImg = (...args: string[]) => {
  const { status, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};

t.test('an image is taken as what it is', { skip: NEEDS }, async (t) => {
  t.match(
    judged(t, (path) => writeFileSync(path, Buffer.alloc(4096, 'x'))),
    { sight: { kind: 'there', format: 'raw', sizeBytes: 4096 }, output: '', disk: Buffer.alloc(4096, 'x') },
  );
  for (const version of ['0.10', '1.1']) {
    const { sight, output, disk } = judged(t, (path) =>
      qemuImg('create', '-q', '-f', 'qcow2', '-o', `compat=${version}`, path, '5368709120000'),
    );
    t.match(sight, { kind: 'there', format: 'qcow2', sizeBytes: 5_368_709_120_000 }, version);
    t.equal(disk, null, 'as much room is not here');
    t.match(output, /no room/);
  }
  t.match(
    judged(t, () => undefined),
    { sight: { kind: 'absent' }, output: /is not there/, disk: null },
  );
});

t.test('an image that names another file is not taken: a guest may have written that', { skip: NEEDS }, async (t) => {
  const lying = (secret: string) => ['-b', secret, '-F', 'raw'];
  const cases: readonly (readonly [string, RegExp, (secret: string) => string[]])[] = [
    ['a backing file', /lies on another image/, lying],
    ['one of an old version', /lies on another image/, (secret) => ['-o', 'compat=0.10', ...lying(secret)]],
    ['data elsewhere', /data lie in another file/, (secret) => ['-o', `data_file=${secret}.data,data_file_raw=on`]],
  ];
  for (const [name, why, options] of cases) {
    const { sight, output, disk } = judged(t, (path) => {
      writeFileSync(`${path}.secret`, Buffer.alloc(4096, 's'));
      qemuImg('create', '-q', '-f', 'qcow2', ...options(`${path}.secret`), path, '4096');
    });
    t.match(sight, { kind: 'refused', why }, name);
    t.match(output, why, name);
    t.equal(disk, null, name);
  }
  const vmdk = judged(t, (path) => qemuImg('create', '-q', '-f', 'vmdk', path, '1M'));
  t.match(vmdk, { sight: { kind: 'refused', why: 'it is a VMDK' }, disk: null });
  const packed = judged(t, (path) => writeFileSync(path, Buffer.from('fd377a585a000004', 'hex')));
  t.match(packed, { sight: { kind: 'refused', why: 'it is compressed: unpack it' }, disk: null });
});

t.test('an image that is sent comes whole or not at all, and once', async (t) => {
  const directory = t.testdir({});
  const script = fileURLToPath(new URL('../../../../lib/host/receive-image.sh', import.meta.url));
  const [place, content] = [`${directory}/up loads/x.raw`, 'an image'];
  const digest = createHash('sha256').update(content).digest('hex');
  const receive = (input: string, bytes = String(input.length)) =>
    spawnSync('sh', [script, place, digest, bytes], { encoding: 'utf8', input });
  t.match(receive('an ima'), { status: 1, stderr: /what has come is not what was to be sent/ });
  t.match(receive(content, String(2 ** 60)), { status: 1, stderr: /no room/ });
  t.strictSame(readdirSync(`${directory}/up loads`), [], 'nothing is left of what did not come whole');
  t.match(receive(content), { status: 0, stderr: '' });
  t.equal(statSync(place).mode & 0o77, 0, 'only root reads it');
  t.match(receive('anything'), { status: 0 });
  t.equal(readFileSync(place, 'utf8'), content, 'what is there is left');
});
