/** A disk as xl-disk-configuration(5) and the older forms of xm write it. */
export interface XenDisk {
  /** Path, device or address; empty: an empty drive. */
  readonly target: string;
  /** As libvirt calls formats. */
  readonly format: string;
  /** The guest's name of it: `xvda`, `hdc`, `sda1`. */
  readonly vdev: string;
  readonly access: string;
  readonly cdrom: boolean;
  /** A prefix said that it is a device of the host. */
  readonly physical: boolean;
  readonly discard: boolean | null;
  /** Settings that say how Xen is to provide it. */
  readonly others: readonly string[];
}

/** Xen's name → libvirt's. */
const FORMATS: Readonly<Record<string, string>> = {
  raw: 'raw',
  qcow: 'qcow',
  qcow2: 'qcow2',
  vhd: 'vpc',
  vmdk: 'vmdk',
  qed: 'qed',
  vdi: 'vdi',
  empty: 'raw',
};
const ACCESS = ['r', 'ro', 'w', 'rw', 'w!', 'rw!', '!'];
const VDEV = /^(?:ioemu:)?(?:xvd[a-z]+|[hsvu]d[a-z]+|nvme\d+n\d+|d\d+(?:p\d+)?|\d+)\d*(?::\w+)?$/;
/** `phy:`, `file:`, `tap:aio:`, `tap2:qcow2:`, `qcow2:` … before a path; what is behind the last says the format. */
const PREFIX = /^(?:(?:phy|file|tap2?|blktap2?|ioemu|aio|sync|raw|qcow2?|vhd|vmdk|qed)(?=:)(?::(?=.)|:$))/;

/** @returns null where it has not the form of any */
export function diskSpec(text: string): XenDisk | null {
  const disk = { target: '', format: '', vdev: '', access: '', cdrom: false, physical: false };
  let discard: boolean | null = null;
  const others: string[] = [];
  const positional: string[] = [];
  const whole = /(?:^|,)\s*target=(.*)$/s.exec(text);
  // A target that is named so reaches to the end, whatever commas are in it.
  const listed = whole === null ? text : text.slice(0, whole.index);
  for (const part of listed.split(',').map((one) => one.trim())) {
    const setting = /^(format|vdev|access|devtype|backend|backendtype|script|target)=(.*)$/.exec(part);
    const [, key = '', value = ''] = setting ?? [];
    if (part === 'cdrom' || (key === 'devtype' && value === 'cdrom')) disk.cdrom = true;
    else if (part === 'discard' || part === 'no-discard') discard = part === 'discard';
    else if (key === 'format' || key === 'vdev' || key === 'access') disk[key] = value;
    else if (part === 'devtype=disk') disk.cdrom = false;
    else if (setting !== null || /^(?:direct-io-safe|no-colo|colo\S*|\w+=.*)$/.test(part)) others.push(part);
    else positional.push(part);
  }
  if (whole !== null) disk.target = (whole[1] ?? '').trim();
  else disk.target = positional.shift() ?? '';
  const prefixed = stripped(disk);
  if (!prefixed && isFormat(positional[0])) disk.format = positional.shift() || disk.format;
  if (positional.length > 0 && disk.vdev === '') disk.vdev = positional.shift() ?? '';
  if (positional.length > 0 && disk.access === '') disk.access = positional.shift() ?? '';
  // xm has had the domain that provides it in the fourth place.
  for (const part of positional) if (part !== '') others.push(part);
  if (!VDEV.test(disk.vdev) || (disk.access !== '' && !ACCESS.includes(disk.access))) return null;
  const format = disk.format === '' ? 'raw' : FORMATS[disk.format];
  if (format === undefined) return null;
  const [vdev = '', kind] = disk.vdev.replace(/^ioemu:/, '').split(':');
  return { ...disk, vdev, format, cdrom: disk.cdrom || kind === 'cdrom', discard, others };
}

function isFormat(text: string | undefined): boolean {
  return text !== undefined && (text === '' || text in FORMATS);
}

/** Takes the old prefixes off its target, and what they say with them. @returns whether there were any */
function stripped(disk: { target: string; format: string; physical: boolean }): boolean {
  let found = PREFIX.exec(disk.target);
  const any = found !== null;
  while (found !== null) {
    const word = found[0].replace(/:$/, '');
    if (word in FORMATS) disk.format = word;
    if (word === 'phy') disk.physical = true;
    disk.target = disk.target.slice(found[0].length);
    found = PREFIX.exec(disk.target);
  }
  return any;
}
