import type { Guest } from '../guest.js';
import { serialTag } from '../peripheral-tags.js';
import type { Origin, Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { QemuObjects } from './objects.js';
import type { Option, Options } from './options.js';
import type { Properties } from './properties.js';

const MONITOR = [
  'libvirt has QEMU’s monitor to itself',
  '`virsh qemu-monitor-command` and `virsh qemu-agent-command` reach it.',
] as const;
const NO_END = [
  'no end of a line that libvirt has',
  'Write one into the definition (`<serial>`, `<channel>`).',
] as const;

/** `-serial`, `-parallel`, and what QEMU has by itself; monitors are libvirt's. */
export function readCharacters(options: Options, chardevs: QemuObjects, guest: Guest, remarks: Remarks): void {
  readMonitors(options, chardevs, remarks);
  const serials = options.all('serial');
  for (const option of serials) guest.devices.push(...line('serial', option, chardevs, remarks));
  for (const option of options.all('parallel')) guest.devices.push(...line('parallel', option, chardevs, remarks));
  // QEMU's own, where nobody says that there shall be none.
  if (serials.length === 0 && !options.has('nodefaults')) guest.devices.push(tag('serial', { type: 'pty' }));
}

function line(name: 'serial' | 'parallel', option: Option, chardevs: QemuObjects, remarks: Remarks): Tag[] {
  const text = (option.value ?? '').replace(/^mon:/, '');
  if (text === 'none') return [];
  const chardev = text.startsWith('chardev:') ? chardevs.take(text.slice('chardev:'.length)) : null;
  const made = chardev === null ? serialTag(name, text) : chardevTag(name, chardev, null, remarks);
  if (made === null) remarks.lost(option.origin, ...NO_END);
  else if (/^(?:mon:)?stdio$/.test(option.value ?? '')) toldConsole(option.origin, remarks);
  return made === null ? [] : [made];
}

function toldConsole(origin: Origin, remarks: Remarks): void {
  remarks.changed(
    origin,
    'nobody’s terminal is QEMU’s: the line ends in a pty',
    '`virsh console DOMAIN` is connected to it.',
  );
}

function readMonitors(options: Options, chardevs: QemuObjects, remarks: Remarks): void {
  for (const { origin, value } of options.all('monitor', 'qmp', 'qmp-pretty', 'mon')) {
    if (value === 'none') continue;
    remarks.lost(origin, ...MONITOR);
    const id =
      /(?:^|,)chardev=([^,]+)/.exec(value ?? '')?.[1] ?? /^(?:chardev:)?([\w.-]+)(?:,|$)/.exec(value ?? '')?.[1];
    if (id !== undefined) chardevs.take(id);
  }
}

/** @param target what the guest sees of it. @returns null where libvirt has no such end, which is not told */
export function chardevTag(name: string, chardev: Properties, target: Tag | null, remarks: Remarks): Tag | null {
  const backend = chardev.take('backend');
  const path = chardev.take('path', 'filename');
  chardev.take('id', 'signal', 'mux', 'reconnect', 'reconnect-ms', 'logappend');
  const logged = chardev.take('logfile');
  const isHanded = logged?.startsWith('/dev/fdset/') === true;
  if (isHanded)
    remarks.lost(
      chardev.at(`logfile=${logged}`),
      'a file that was open already when QEMU was started',
      'Write `<log file=…>` into the `<serial>`, with the path of the file.',
    );
  const log = isHanded ? null : logged;
  const made = (type: string, content: readonly (Tag | null)[] = []) =>
    tag(name, { type }, [...content, log === null ? null : tag('log', { file: log, append: 'on' }), target]);
  const server = chardev.flag('server') === true;
  const wait = chardev.flag('wait');
  const [host, port, telnet] = [chardev.take('host'), chardev.take('port'), chardev.flag('telnet')];
  chardev.take('ipv4', 'ipv6', 'nodelay', 'to');
  chardev.tellRest(remarks);
  if (backend === 'pty' || backend === 'stdio' || backend === 'vc') return made('pty');
  if (backend === 'null') return made('null');
  if (backend === 'spicevmc') return made('spicevmc');
  if (backend === 'file' && path?.startsWith('/') === true) return made('file', [tag('source', { path })]);
  if ((backend === 'serial' || backend === 'tty') && path !== null) return made('dev', [tag('source', { path })]);
  if (backend !== 'socket') return null;
  const mode = server ? 'bind' : 'connect';
  if (server && wait === true)
    remarks.lost(chardev.at('wait=on'), 'libvirt never waits for who connects', 'Nothing to do.');
  if (path !== null) return path.startsWith('/') ? made('unix', [tag('source', { mode, path })]) : null;
  if (port === null || !/^\d{1,5}$/.test(port)) return null;
  return made('tcp', [
    tag('source', { mode, host: host === null || host === '' ? '127.0.0.1' : host, service: port }),
    tag('protocol', { type: telnet === true ? 'telnet' : 'raw' }),
  ]);
}

export const NO_CHARDEV = NO_END;
