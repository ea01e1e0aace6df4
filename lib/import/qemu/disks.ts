import { type DiskSource, diskSource, isRelative, SECRET_HINT } from '../disk-source.js';
import type { DiskBus, GuestDisk } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { Properties } from './properties.js';

/** Where it stands, as the device or the drive says. */
export interface DiskPlace {
  readonly bus: DiskBus;
  readonly device: GuestDisk['device'];
  readonly slot: number | null;
  readonly bootIndex: number | null;
  readonly serial: string | null;
  readonly more: readonly Tag[];
}

const CACHES = ['none', 'writeback', 'writethrough', 'directsync', 'unsafe'];
const PATH_HINT = 'Write its `<disk>` into the definition by hand, with the whole path.';

/**
 * The disk of a `-drive` or of a `-blockdev` with the nodes below it joined into it, dots in the names.
 * @returns null where libvirt cannot have it, which is told
 */
export function driveDisk(drive: Properties, place: DiskPlace, remarks: Remarks): GuestDisk | null {
  const source = sourceOf(drive, remarks);
  if (source === undefined) return null;
  const format =
    drive.take('format') ?? formatOf(drive) ?? (source === null ? null : guessedFormat(source, drive, remarks));
  if (format !== null && !FORMATS.includes(format)) {
    remarks.lost(
      drive.origin,
      `libvirt knows no format ${format}`,
      'Convert the image (`qemu-img convert -O qcow2`), and import again.',
    );
    return null;
  }
  const readonly = drive.flag('readonly', 'read-only', 'file.read-only');
  if (drive.flag('snapshot') === true)
    remarks.lost(
      drive.at('snapshot=on'),
      'what the guest writes went nowhere; under libvirt it is kept',
      SNAPSHOT_HINT,
    );
  const serial = drive.take('serial') ?? place.serial;
  const driver = driverOf(drive);
  const iotune = throttling(drive);
  drive.take('if', 'id', 'index', 'media', 'bus', 'unit', 'boot');
  drive.takeAll(/^(?:.*node-name|(?:.*\.)?auto-read-only|file\.locking|.*\.cache\..*|cyls|heads|secs|trans)$/);
  drive.tellRest(remarks);
  return {
    ...place,
    source,
    format: source === null ? null : format,
    readonly: readonly === true || place.device === 'cdrom',
    driver: source === null ? {} : driver,
    serial,
    more: [...(iotune === null ? [] : [iotune]), ...place.more],
  };
}

export const SNAPSHOT_HINT =
  'Give the VM a copy of the image, or an overlay (`qemu-img create -b`), and name that one.';

/** undefined: it cannot be had. */
function sourceOf(drive: Properties, remarks: Remarks): DiskSource | null | undefined {
  const text = fileOf(drive);
  if (text === null || text === '') return null;
  const source = diskSource(text);
  if (source === null) {
    const why = isRelative(text)
      ? 'its path does not begin at the root, and libvirt starts QEMU elsewhere'
      : 'its storage is none that vxmig knows how to name to libvirt';
    remarks.lost(drive.origin, why, PATH_HINT);
    return undefined;
  }
  if (source.user !== undefined)
    remarks.lost(drive.at(`id=${source.user}`), 'libvirt keeps the secret of a user itself', SECRET_HINT);
  if (source.type === 'file' && /host_device|host_cdrom/.test(drive.peek('file.driver') ?? drive.peek('driver') ?? ''))
    return { type: 'block', tag: tag('source', { dev: text }) };
  return source;
}

/** A path or URL out of a `-drive`'s `file`, or out of the nodes of `-blockdev`. */
function fileOf(drive: Properties): string | null {
  const whole = drive.take('file');
  if (whole !== null) return whole.replace(/^(?:file|host_device):(?=\/)/, '');
  const at = (name: string) => drive.take(`file.file.${name}`, `file.${name}`, name);
  const path = at('filename');
  if (path !== null) return path;
  const driver = drive.peek('file.driver') ?? drive.peek('driver');
  if (driver === 'rbd') return rbdOf(drive, at);
  if (driver !== 'nbd') return driver === null ? null : `${driver}:`;
  at('server.type');
  const [socket, host, port, name] = [at('server.path'), at('server.host'), at('server.port'), at('export')];
  const where = socket === null ? `${host}:${port}` : `unix:${socket}`;
  return `nbd:${where}${name === null ? '' : `:exportname=${name}`}`;
}

/** As `-drive` writes it, with the monitors that its node names one by one. */
function rbdOf(drive: Properties, at: (name: string) => string | null): string {
  const hosts = new Map<string, string>();
  const ports = new Map<string, string>();
  for (const [name, value] of drive.takeAll(/(?:^|\.)server\.\d+\.(?:host|port)$/)) {
    const [, index = '', key] = /(\d+)\.(host|port)$/.exec(name) ?? [];
    (key === 'host' ? hosts : ports).set(index, value);
  }
  const monitors = [...hosts].map(([index, host]) => {
    const port = ports.get(index);
    return (host.includes(':') ? `[${host}]` : host) + (port === undefined ? '' : `:${port}`);
  });
  // How it logs in goes with the secret, which is told.
  at('key-secret');
  drive.takeAll(/(?:^|\.)auth-client-required\.\d+$/);
  const settings: readonly (readonly [string, string | null])[] = [
    ['conf', at('conf')],
    ['id', at('user')],
    ['mon_host', monitors.length === 0 ? null : monitors.join(';')],
  ];
  const said = settings.flatMap(([name, value]) =>
    value === null ? [] : [`:${name}=${value.replace(/[:\\]/g, '\\$&')}`],
  );
  return `rbd:${at('pool')}/${at('image')}${said.join('')}`;
}

/** The format's node stands over the protocol's; a protocol alone is raw. */
function formatOf(drive: Properties): string | null {
  const driver = drive.take('driver');
  const below = drive.take('file.driver');
  drive.take('file.file.driver');
  const protocols = ['file', 'host_device', 'host_cdrom', 'rbd', 'nbd', 'iscsi', 'nfs', 'http', 'https'];
  if (driver === null) return below === null ? null : 'raw';
  return protocols.includes(driver) ? 'raw' : driver;
}

/** Those that a definition may name (libvirt's schema, storagecommon.rng). */
const FORMATS = [
  'raw',
  'qcow2',
  'qcow',
  'cow',
  'qed',
  'vmdk',
  'vdi',
  'vpc',
  'vhd',
  'cloop',
  'dmg',
  'bochs',
  'iso',
  'ploop',
  'dir',
];

const ENDINGS: Readonly<Record<string, string>> = {
  qcow2: 'qcow2',
  qcow: 'qcow',
  vmdk: 'vmdk',
  vdi: 'vdi',
  vhd: 'vpc',
  qed: 'qed',
};

/** QEMU looks into an image to find its format, which libvirt never does: a guest could write another one into it. */
function guessedFormat({ tag: { attributes } }: DiskSource, drive: Properties, remarks: Remarks): string {
  const path = attributes.file ?? '';
  const format = ENDINGS[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'raw';
  if (!/\.(?:iso|img\.raw|raw)$/i.test(path))
    remarks.changed(
      drive.origin,
      `QEMU looks which format the image has, libvirt does not: by its name it is ${format}`,
      `See that it is, before the VM starts: \`qemu-img info\`; else write the right one into \`<driver type=…>\`.`,
    );
  return format;
}

function driverOf(drive: Properties): Record<string, string> {
  const cache = drive.take('cache');
  const [direct, flush] = [
    drive.flag('cache.direct', 'file.cache.direct', 'file.file.cache.direct'),
    drive.flag('cache.no-flush', 'file.cache.no-flush', 'file.file.cache.no-flush'),
  ];
  const writeback = drive.flag('cache.writeback');
  const named =
    cache !== null && CACHES.includes(cache) ? cache : flush === true ? 'unsafe' : direct === true ? 'none' : null;
  const mode = named === 'none' && writeback === false ? 'directsync' : named;
  const io = drive.take('aio', 'file.aio', 'file.file.aio');
  const settings: Record<string, string | null> = {
    cache: mode,
    error_policy: oneOf(policy(drive.take('werror')), ['stop', 'report', 'ignore', 'enospace']),
    rerror_policy: oneOf(drive.take('rerror'), ['stop', 'report', 'ignore']),
    io: oneOf(io, ['native', 'threads', 'io_uring']),
    discard: asDiscard(drive.take('discard', 'file.discard', 'file.file.discard')),
    detect_zeroes: oneOf(drive.take('detect-zeroes', 'file.detect-zeroes', 'file.file.detect-zeroes'), [
      ...['on', 'off', 'unmap'],
    ]),
    copy_on_read: oneOf(drive.take('copy-on-read'), ['on', 'off']),
  };
  return Object.fromEntries(Object.entries(settings).filter((one): one is [string, string] => one[1] !== null));
}

/** QEMU refuses others, so that a command line that has worked has none. */
function oneOf(text: string | null, known: readonly string[]): string | null {
  return text !== null && known.includes(text) ? text : null;
}

function policy(text: string | null): string | null {
  return text === null ? null : text === 'enospc' ? 'enospace' : text;
}

function asDiscard(text: string | null): string | null {
  if (text === 'on' || text === 'unmap') return 'unmap';
  return text === 'off' || text === 'ignore' ? 'ignore' : null;
}

const LIMITS: readonly (readonly [qemu: string, libvirt: string])[] = [
  ['bps', 'total_bytes_sec'],
  ['bps_rd', 'read_bytes_sec'],
  ['bps_wr', 'write_bytes_sec'],
  ['iops', 'total_iops_sec'],
  ['iops_rd', 'read_iops_sec'],
  ['iops_wr', 'write_iops_sec'],
];

function throttling(drive: Properties): Tag | null {
  const long: Readonly<Record<string, string>> = { bps: 'bps-total', iops: 'iops-total' };
  const limits = LIMITS.flatMap(([name, libvirt]) => {
    const value = drive.take(name, `throttling.${long[name] ?? name.replace('_rd', '-read').replace('_wr', '-write')}`);
    return value !== null && /^[1-9]\d{0,15}$/.test(value) ? [tag(libvirt, {}, value)] : [];
  });
  return limits.length === 0 ? null : tag('iotune', {}, limits);
}
