import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t from 'tap';
import { labDown } from '../../lib/lab/down.js';
import { volumesDirectory } from '../../lib/lab/lab-directory.js';
import { probePortName } from '../../lib/model/names.js';
import { parseTopology } from '../../lib/topology/read.js';
import { type Document, guardLab, PROGRAM, TestLab } from '../lab/harness.js';

// A Debian guest under load is moved to and fro on the lab, over each kind of storage. Not a test: it takes a quarter
// of an hour, and what it has measured is a page (docs/guest-moves.md).
//
//   guest-moves.js OUTPUT [MOVES [KIND…]]     appends a line of JSON for each kind to OUTPUT

const ROOT = new URL('../../../', import.meta.url);
const HOSTS = ['host-a', 'host-b'] as const;
const GUEST = '10.9.0.1';
/** Raw, as a server of blocks shows it; else as vxmig makes it. */
const KINDS: Readonly<Record<string, { readonly storage: string; readonly file: string }>> = {
  shared: { storage: 'pool: {kind: shared, path: /srv/pool}', file: 'pool/LAB-web-0.qcow2' },
  nfs: { storage: 'pool: {kind: nfs, server: 198.18.9.10, export: /srv/vms}', file: 'pool/LAB-web-0.qcow2' },
  nbd: {
    storage: 'pool: {kind: nbd, server: 198.18.2.11}\n  files: {kind: shared, path: /srv/files}',
    file: 'files/web.raw',
  },
  local: { storage: 'pool: {kind: local, path: /srv/pool}', file: 'pool/HOST/LAB-web-0.qcow2' },
};

const PAGES = `for one in 1 2 3 4 5 6 7 8 9 10; do
  curl -s -m 10 -o /dev/null -w '%{http_code}\\n' http://${GUEST}/
  sleep 0.05
done`;

/** Of what goes on through all the moves. */
const LONGEST_MS = 1_800_000;

/** In the guest: files with what is in them, each on its disk before the next one is begun. */
const WRITER = `
mkdir -p /root/w
count=0
while [ ! -e /root/enough ]; do
  count=$((count + 1))
  head -c 65536 /dev/urandom >/root/w/new && sync /root/w/new && mv /root/w/new /root/w/$count || exit 1
  (cd /root/w && sha256sum $count) >>/root/sums && sync /root/sums || exit 1
  sleep 0.1
done
`;

// The harness is one of tests.
t.setTimeout(0);
t.pass('no test');

const [output = '', moves = '10', ...kinds] = process.argv.slice(2);
for (const kind of kinds.length === 0 ? Object.keys(KINDS) : kinds) {
  const row = await measured(kind, Number(moves));
  process.stderr.write(`${JSON.stringify(row)}\n`);
  await appendFile(output, `${JSON.stringify(row)}\n`);
}

async function measured(kind: string, count: number): Promise<Document> {
  const given = KINDS[kind];
  if (given === undefined) throw new Error(`no kind ${kind}: ${Object.keys(KINDS).join(', ')}`);
  const directory = await mkdtemp(join(tmpdir(), 'vxmig-guest-moves-'));
  const name = `gm${process.pid}-${kind}`;
  const source = await readFile(new URL('topologies/real-guest.yaml', ROOT), 'utf8');
  const text = source
    .replace(/^name: .*$/m, `name: ${name}`)
    .replace(/^ {2}pool: .*$/m, `  ${given.storage}`)
    .replace(
      '{storage: pool, size: 4GiB}',
      kind === 'nbd' ? '{storage: pool, format: raw}' : '{storage: pool, size: 4GiB}',
    );
  const file = join(directory, 'real-guest.yaml');
  await writeFile(file, text);
  const lab = new TestLab(parseTopology(text, file), file);
  const guard = guardLab(lab.name);
  try {
    await lab.succeed('lab', 'up', file);
    if (kind === 'nbd') await serve(lab);
    const beganMs = Date.now();
    await lab.apply();
    const appliedMs = Date.now() - beganMs;
    const load = await startLoad(lab);
    const results: Document[] = [];
    for (let index = 0; index < count; index += 1) {
      const to = HOSTS[(index + 1) % 2] ?? '';
      results.push(await moved(lab, HOSTS[index % 2] ?? '', to));
      await sleep(500);
    }
    const loaded = await load.end();
    const home = HOSTS[count % 2] ?? '';
    await lab.succeed('destroy', file, '--yes');
    // It holds the image's lock, and may hold what has not been written yet.
    if (kind === 'nbd') await lab.shell('host-c', 'pkill -x qemu-nbd; while pgrep -x qemu-nbd; do sleep 0.1; done');
    const image = join(volumesDirectory(name), given.file.replace('LAB', name).replace('HOST', home));
    return {
      at: new Date().toISOString(),
      kind,
      appliedMs,
      moves: results,
      ...loaded,
      ...(await checked(image, directory)),
    };
  } finally {
    await labDown(lab.name, () => undefined).catch(() => undefined);
    guard.release();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The image that the guest is to have, and a server for it: at the onlooker. */
async function serve(lab: TestLab): Promise<void> {
  await lab.shell(
    'host-c',
    `qemu-img convert -f qcow2 -O raw /var/lib/vxmig/images/debian/disk.qcow2 /srv/files/web.raw
     qemu-img resize -q -f raw /srv/files/web.raw 4G
     qemu-nbd --fork --persistent --shared 8 --format raw --cache writeback --bind 198.18.2.11 \\
       --export-name ${lab.name}-web-0 /srv/files/web.raw`,
  );
}

/** One migration, and what went over the underlay from the source meanwhile. */
async function moved(lab: TestLab, from: string, to: string): Promise<Document> {
  const sent = async () => Number(await lab.on(from, 'cat', '/sys/class/net/eth0/statistics/tx_bytes'));
  const before = await sent();
  const { document } = await lab.run('migrate', lab.file, 'web', '--to', to);
  const { outcome, ping, transfer, disks, stages, error } = document;
  return {
    outcome,
    sent: ping.map((one: Document) => one.sent),
    lost: ping.map((one: Document) => one.lost),
    longestWaitMs: Math.max(...ping.map((one: Document) => one.longestWaitMs ?? 0)),
    downtimeMs: transfer?.downtimeMs ?? null,
    memoryBytes: transfer?.transferredBytes ?? null,
    diskBytes: disks.map((one: Document) => one.bytes),
    wireBytes: (await sent()) - before,
    tookMs: stages.reduce((sum: number, { durationMs }: Document) => sum + durationMs, 0),
    error: error?.message ?? null,
  };
}

interface Load {
  end(): Promise<Document>;
}

/** Writes with fsync over one SSH session, pages, and one stream, all of them through every move. */
async function startLoad(lab: TestLab): Promise<Load> {
  const onlooker = [
    'lab',
    'exec',
    lab.file,
    'host-c',
    '--',
    'ip',
    'netns',
    'exec',
    probePortName(lab.name, 'blue', 'host-c'),
  ];
  const run = (...argv: readonly string[]) =>
    execa(process.execPath, [PROGRAM, ...onlooker, ...argv], { reject: false, stdin: 'ignore', timeout: LONGEST_MS });
  const ssh = (script: string) =>
    run('ssh', '-o', 'StrictHostKeyChecking=accept-new', '-o', 'LogLevel=ERROR', `root@${GUEST}`, script);
  const said = async (script: string) => {
    const { exitCode, stdout, stderr } = await ssh(script);
    if (exitCode !== 0) throw new Error(`in the guest: ${stderr}`);
    return stdout.trim();
  };
  // It answers pings before its sshd is there.
  for (let tries = 0; tries < 60 && (await ssh('true')).exitCode !== 0; tries += 1) await sleep(2000);
  const resets = () => said("awk '/^Tcp:/ {print $15}' /proc/net/snmp | tail -n 1").then(Number);
  const resetsBefore = await resets();
  const writer = ssh(WRITER);
  const stream = run('iperf3', '-c', GUEST, '-t', '3600', '-b', '4M', '--json');
  const statuses = new Map<string, number>();
  const isOver = new AbortController();
  const pages = (async () => {
    while (!isOver.signal.aborted) {
      const { stdout } = await run('sh', '-c', PAGES);
      for (const status of stdout.split('\n')) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  })();
  return {
    end: async () => {
      const isStreaming = stream.exitCode === null || stream.exitCode === undefined;
      const isWriting = writer.exitCode === null || writer.exitCode === undefined;
      isOver.abort();
      await pages;
      await said('touch /root/enough');
      const { exitCode } = await writer;
      await lab.on('host-c', 'pkill', 'iperf3');
      await stream;
      const bad = await said('cd /root/w && { sha256sum --quiet -c /root/sums 2>/dev/null || true; } | wc -l');
      return {
        pages: Object.fromEntries(statuses),
        sshSession: isWriting && exitCode === 0 ? 'open until the end' : `ended with ${exitCode}`,
        stream: isStreaming ? 'open until the end' : 'broken',
        resetsByGuest: (await resets()) - resetsBefore,
        files: Number(await said('wc -l </root/sums')),
        badFiles: Number(bad),
      };
    },
  };
}

/** The image and its file system, when the guest has shut itself down. */
async function checked(image: string, directory: string): Promise<Document> {
  const format = image.endsWith('.raw') ? 'raw' : 'qcow2';
  const raw = join(directory, 'disk.raw');
  const check = format === 'raw' ? null : await execa('qemu-img', ['check', '-f', format, image], { reject: false });
  await execa('qemu-img', ['convert', '-f', format, '-O', 'raw', image, raw]);
  const fsck = await execa('e2fsck', ['-fn', `${raw}?offset=${2048 * 512}`], {
    reject: false,
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  await rm(raw);
  return { image: check === null ? null : check.exitCode, fileSystem: fsck.exitCode };
}
