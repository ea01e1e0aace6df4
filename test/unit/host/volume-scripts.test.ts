import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { volumeSight } from '../../../lib/host/volume-sight.js';

const NEEDS = spawnSync('qemu-img', ['--version']).error === undefined ? false : 'no qemu-img';
const MARK = '{"topology":"shop","vm":"web","index":0}';

function script(name: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
  const path = fileURLToPath(new URL(`../../../../lib/host/${name}.sh`, import.meta.url));
  const { status, stdout, stderr } = spawnSync('sh', [path, ...args], { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

function made(t: Test, format = 'qcow2', bytes = '1048576', base = '') {
  const directory = t.testdir({ 'base.raw': '' });
  const place = `${directory}/a pool/shop-web-0.qcow2`;
  return { directory, place, ...script('make-volume', place, format, bytes, base, MARK) };
}

function seen(place: string) {
  const [, answer = ''] = script('volume-sight', place).output.split(/^=== (?:volume|end)\n/m);
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
