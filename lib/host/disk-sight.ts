import { readFileSync } from 'node:fs';
import { DIGEST_BYTES, type DiskPart, type DiskSight, type PartSight, type ServerSight } from '../model/disk.js';
import type { HostShell } from './connection.js';

const CONNECT_SECONDS = 3;
/** An image on storage that stands still must not hold up everything else. */
const LOOK_TIMEOUT_MS = 30_000;

const SCRIPT = readFileSync(new URL('../../../lib/host/disk-sight.sh', import.meta.url), 'utf8');

export interface LookRequest {
  /** Servers are asked whether they answer from there. */
  readonly connect: boolean;
}

/**
 * What a host sees of a domain's parts. Only reads; servers are connected to and nothing is said to them. @throws
 * CommandError, VxmigError SSH_CONNECT
 */
export async function observeDisks(
  shell: HostShell,
  parts: readonly DiskPart[],
  { connect }: LookRequest,
): Promise<DiskSight> {
  const items = parts.map((part) => itemsOf(part, connect));
  const argv = ['sh', '-s', '--', String(CONNECT_SECONDS), String(DIGEST_BYTES), ...items.flat(2)];
  const { stdout } = await shell.run(argv, { stdin: SCRIPT, timeoutMs: LOOK_TIMEOUT_MS });
  const [, host = '', ...answers] = stdout.split(/^=== (?:host|item|end)\n/m);
  const [bootId = '', ...addresses] = host.trim().split('\n');
  let next = 0;
  const seen = parts.map((part, index) => {
    const count = items[index]?.length ?? 0;
    const own = answers.slice(next, next + count);
    next += count;
    return readPart(part, own);
  });
  return { host: shell.name, bootId, addresses, parts: seen };
}

function itemsOf({ place, use }: DiskPart, connect: boolean): string[][] {
  const digest = use === 'read' ? 'digest' : '';
  if (place.kind === 'path') return [['path', place.path, '', digest]];
  if (place.kind === 'volume') return [['volume', place.pool, place.volume, digest]];
  if (place.kind === 'other') return [];
  if (place.servers.length === 0) return place.protocol === 'rbd' ? [['ceph', '', '', '']] : [];
  return place.servers.map(({ name, port, socket }) => {
    const address = name.replace(/^\[(.*)\]$/, '$1');
    // TFTP is served over UDP.
    const asked = connect && socket === null && place.protocol !== 'tftp';
    return ['server', address, String(port), asked ? 'connect' : ''];
  });
}

function readPart({ place }: DiskPart, answers: readonly string[]): PartSight {
  if (place.kind === 'other') return { kind: 'unknown' };
  if (place.kind === 'server') return { kind: 'server', servers: answers.map(readServer) };
  const values = valuesOf(answers[0] ?? '');
  const value = (key: string) => values.get(key)?.[0] ?? '';
  const path = value('path');
  if (values.has('missing')) return { kind: 'missing', path, why: value('missing') };
  const [device = '', inode = '', size = '', uid = '', gid = '', born = '', kind = ''] = value('stat').split('|');
  if (device === '') return { kind: 'unknown' };
  const [blockSize = '', identity = ''] = value('block').split('|');
  const [fileSystem = '', mounted = ''] = value('mount').split(' ');
  const type = kind === 'block special file' ? 'block' : kind.startsWith('regular') ? 'file' : 'other';
  const sizeBytes = Number(type === 'block' ? blockSize : size);
  const digest = value('digest').split(' ')[0] ?? '';
  return {
    kind: 'file',
    path,
    type,
    device,
    inode,
    directoryDevice: value('directory'),
    sizeBytes,
    uid,
    gid,
    born,
    fileSystem,
    mounted,
    identity,
    digest: digest === '' ? '' : `${sizeBytes} ${digest}`,
  };
}

function readServer(answer: string): ServerSight {
  const values = valuesOf(answer);
  return { addresses: values.get('address') ?? [], silence: values.get('silence')?.[0] ?? '' };
}

/** `key=value` lines; a key may be there more than once. */
function valuesOf(answer: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const line of answer.split('\n')) {
    const at = line.indexOf('=');
    if (at <= 0) continue;
    const key = line.slice(0, at);
    values.set(key, [...(values.get(key) ?? []), line.slice(at + 1)]);
  }
  return values;
}
