import { readdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { observeDisks } from '../../../lib/host/disk-sight.js';
import { exchangeTokens } from '../../../lib/host/disk-token.js';
import type { DiskPart, FileSight, PartSight } from '../../../lib/model/disk.js';
import { RecordingShell } from './recording-shell.js';

const part = (path: string, use: DiskPart['use'] = 'written'): DiskPart => ({
  name: 'vda',
  target: 'vda',
  use,
  removable: false,
  cache: 'none',
  place: { kind: 'path', path },
});

function isFile(sight: PartSight | undefined): FileSight {
  if (sight?.kind !== 'file') throw new Error(`no file: ${JSON.stringify(sight)}`);
  return sight;
}

t.test('what stands at a path, whatever it is called', async (t) => {
  const hostile = "it's $(touch pwned) a disk; `id` |";
  const root = t.testdir({ shell: {}, disks: { [hostile]: 'content', other: 'content', blank: 'CONTENT' } });
  const directory = `${root}/disks`;
  symlinkSync(`${directory}/${hostile}`, `${directory}/link`);
  const { shell } = new RecordingShell(`${root}/shell`, []);
  const paths = [hostile, 'link', 'other', 'blank', 'nothing'].map((name) => `${directory}/${name}`);
  const sight = await observeDisks(
    shell,
    paths.map((path) => part(path, 'read')),
    { connect: false },
  );
  t.match(sight.bootId, /^[0-9a-f-]{36}$/);
  t.ok(sight.addresses.includes('127.0.0.1'));
  const [itself, link, other, blank] = sight.parts.slice(0, 4).map(isFile);
  t.match(itself, { path: `${directory}/${hostile}`, type: 'file', sizeBytes: 7 });
  t.same(link, itself, 'a symbolic link is what it leads to');
  t.equal(other?.digest, itself?.digest);
  t.not(other?.inode, itself?.inode);
  t.not(blank?.digest, itself?.digest);
  t.equal(itself?.device, itself?.directoryDevice);
  t.not(itself?.fileSystem, '');
  t.same(sight.parts[4], { kind: 'missing', path: `${directory}/nothing`, why: 'No such file or directory' });
  t.same(readdirSync(`${root}/shell`), ['bin'], 'no name was taken for a command');
});

t.test('whether a server answers', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { shell } = new RecordingShell(t.testdir(), []);
  const nbd = (name: string, at: number): DiskPart => ({
    ...part(''),
    place: { kind: 'server', protocol: 'nbd', export: 'x', servers: [{ name, port: at, socket: null }] },
  });
  const { parts } = await observeDisks(shell, [nbd('127.0.0.1', port), nbd('127.0.0.1', 1), part('/')], {
    connect: true,
  });
  server.close();
  t.match(parts, [
    { servers: [{ addresses: ['127.0.0.1'], silence: '' }] },
    { servers: [{ addresses: ['127.0.0.1'], silence: 'Connection refused' }] },
    { kind: 'file', type: 'other' },
  ]);
});

t.test('a token is seen in the same directory only, and nothing of it is left', async (t) => {
  const directory = t.testdir({ shell: {}, 'a place': { disk: '' }, other: { disk: '' } });
  const { shell } = new RecordingShell(`${directory}/shell`, []);
  const { parts } = await observeDisks(shell, [part(`${directory}/a place/disk`), part(`${directory}/other/disk`)], {
    connect: false,
  });
  const [one, other] = parts.map(isFile);
  if (one === undefined || other === undefined) throw new Error('not seen');
  const gone = { ...one, path: `${directory}/gone/disk` };
  const pairs = [
    { source: one, destination: one },
    { source: one, destination: other },
    { source: gone, destination: one },
  ];
  t.same(await exchangeTokens(shell, shell, pairs), ['seen', 'unseen', 'unwritten'], 'two in one directory are two');
  t.same(await exchangeTokens(shell, shell, []), []);
  const refusing = { ...shell, run: () => Promise.reject(new Error('the destination is gone')) };
  await t.rejects(exchangeTokens(shell, refusing, pairs), /is gone/);
  for (const place of ['a place', 'other']) t.same(readdirSync(`${directory}/${place}`), ['disk']);
});
