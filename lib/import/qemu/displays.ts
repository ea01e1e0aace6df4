import { displayAddress, graphicsTag, PASSWORD_HINT } from '../graphics-tag.js';
import type { Guest } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { Machine } from './machine.js';
import type { Option, Options } from './options.js';
import { Properties } from './properties.js';

/** `-vga`'s names, and those of devices → libvirt's models. */
export const VIDEO: Readonly<Record<string, string>> = {
  std: 'vga',
  VGA: 'vga',
  'secondary-vga': 'vga',
  cirrus: 'cirrus',
  'cirrus-vga': 'cirrus',
  vmware: 'vmvga',
  'vmware-svga': 'vmvga',
  qxl: 'qxl',
  'qxl-vga': 'qxl',
  virtio: 'virtio',
  'virtio-vga': 'virtio',
  'virtio-vga-gl': 'virtio',
  'virtio-gpu': 'virtio',
  'virtio-gpu-pci': 'virtio',
  'virtio-gpu-gl-pci': 'virtio',
  'bochs-display': 'bochs',
  ramfb: 'ramfb',
};

/** @param hasCard a `-device` is a card already */
export function readDisplays(
  options: Options,
  guest: Guest,
  { machine, hasCard }: { readonly machine: Machine; readonly hasCard: boolean },
  remarks: Remarks,
): void {
  const displays: Tag[] = [];
  const nographic = options.has('nographic') || options.has('curses');
  for (const option of options.all('nographic', 'curses'))
    if (option.name === 'curses')
      remarks.lost(
        option.origin,
        'nobody’s terminal is the guest’s screen',
        '`virsh console` reaches its serial line.',
      );
  for (const option of options.all('vnc')) displays.push(...vnc(option, remarks));
  for (const option of options.all('spice')) displays.push(...spice(option, remarks));
  let isOff = nographic;
  for (const option of options.all('display', 'sdl')) {
    const kind = option.name === 'sdl' ? 'sdl' : (option.value ?? '').split(',')[0];
    if (kind === 'none') isOff = true;
    else if (kind === 'vnc' || kind?.startsWith('vnc=')) displays.push(...vnc(asVnc(option), remarks));
    else if (kind === 'egl-headless') displays.push(tag('graphics', { type: 'egl-headless' }));
    else {
      displays.push(graphicsTag('vnc', { port: null, listen: '127.0.0.1' }));
      remarks.changed(option.origin, 'a window of the host’s is a VNC display', '`virt-viewer DOMAIN` shows it.');
    }
  }
  const isHeadless = isOff || options.has('nodefaults') || !machine.isX86;
  if (displays.length === 0 && !isHeadless) {
    displays.push(graphicsTag('vnc', { port: null, listen: '127.0.0.1' }));
    remarks.changed(
      { text: 'no -display', place: null },
      'QEMU’s window is a VNC display',
      '`virt-viewer DOMAIN` shows it.',
    );
  }
  const card = options.last('vga');
  guest.devices.push(...displays);
  if (!hasCard) guest.devices.push(...videoOf(card, { isNone: isHeadless && displays.length === 0, remarks }));
  else if (card !== null && card.value !== 'none') remarks.lost(card.origin, 'a -device is its card', 'Nothing to do.');
  for (const option of options.all('full-screen', 'alt-grab', 'ctrl-grab', 'no-quit', 'no-frame', 'portrait', 'g'))
    remarks.lost(option.origin, 'no window is opened on the host', 'Nothing to do.');
}

function videoOf(
  option: Option | null,
  { isNone, remarks }: { readonly isNone: boolean; readonly remarks: Remarks },
): Tag[] {
  const name = option?.value ?? (isNone ? 'none' : 'std');
  const type = name === 'none' ? 'none' : VIDEO[name];
  if (type === undefined && option !== null)
    remarks.changed(option.origin, 'libvirt has no such card: it is a standard VGA', 'Nothing to do.');
  return [tag('video', {}, [tag('model', { type: type ?? 'vga' })])];
}

function asVnc({ origin, value }: Option): Option {
  return { name: 'vnc', value: (value ?? '').replace(/^vnc[=,]?/, ''), origin };
}

/** `-vnc HOST:DISPLAY,…`: port 5900 and up. */
function vnc({ value, origin }: Option, remarks: Remarks): Tag[] {
  const properties = Properties.of(value ?? '', 'vnc', origin);
  const address = properties.take('vnc') ?? '';
  if (address === 'none') return [];
  const isLocked = tellLocks(properties, remarks);
  properties.take('audiodev');
  const share = properties.take('share');
  const policy = share !== null && ['allow-exclusive', 'force-shared', 'ignore'].includes(share) ? share : null;
  const websocket = properties.take('websocket');
  const lossy = properties.flag('lossy', 'non-adaptive', 'to');
  if (lossy === true) remarks.lost(properties.at('lossy'), 'libvirt has no such setting', 'Nothing to do.');
  properties.tellRest(remarks);
  const socket = /^unix:(\/.+)$/.exec(address)?.[1];
  if (socket !== undefined) return [tag('graphics', { type: 'vnc', sharePolicy: policy, socket })];
  const [, host = '', display] = /^([^:]*|\[[^\]]*\]):(\d{1,5})$/.exec(address) ?? [];
  if (display === undefined) {
    remarks.changed(origin, 'no host and display that can be read: libvirt chooses a port', 'Nothing to do.');
    return [graphicsTag('vnc', { port: null, listen: '127.0.0.1' })];
  }
  const made = graphicsTag('vnc', {
    port: 5900 + Number(display),
    listen: displayAddress(host.replace(/^\[(.*)\]$/, '$1') || '0.0.0.0', isLocked, origin, remarks),
  });
  const port = websocket === 'on' ? 5700 + Number(display) : Number(websocket);
  return [
    {
      ...made,
      attributes: {
        ...made.attributes,
        ...(policy === null ? {} : { sharePolicy: policy }),
        ...(port > 0 && port <= 65_535 ? { websocket: String(port) } : {}),
      },
    },
  ];
}

function spice({ value, origin }: Option, remarks: Remarks): Tag[] {
  const properties = Properties.of(value ?? '', null, origin);
  const hasLocks = tellLocks(properties, remarks);
  const [port, tls, host] = [properties.take('port'), properties.take('tls-port'), properties.take('addr')];
  // Where it is not said that nobody needs a ticket, nobody gets in before a password is set.
  const isLocked = hasLocks || properties.flag('disable-ticketing') !== true;
  properties.take('ipv4', 'ipv6');
  const socket = properties.flag('unix') === true && host?.startsWith('/') === true ? host : null;
  const agent = properties.flag('agent-mouse');
  const gl = properties.flag('gl');
  properties.tellRest(remarks);
  const content = [
    agent === null ? null : tag('mouse', { mode: agent ? 'client' : 'server' }),
    gl === true ? tag('gl', { enable: true }) : null,
  ];
  if (socket !== null)
    return [tag('graphics', { type: 'spice' }, [tag('listen', { type: 'socket', socket }), ...content])];
  const listen = displayAddress(host ?? '0.0.0.0', isLocked, origin, remarks);
  const made = graphicsTag('spice', { port: port === null ? null : Number(port), listen });
  const tlsPort = tls !== null && /^\d{1,5}$/.test(tls) && Number(tls) > 0 ? { tlsPort: tls } : {};
  return [
    tag(
      'graphics',
      { ...made.attributes, ...(port === null && tls !== null ? { autoport: 'no' } : {}), ...tlsPort },
      content,
    ),
  ];
}

const LOCKS = /^(?:password|sasl|tls-creds|tls-authz|tls$|x509|acl)/;

/** No secret is shown on a terminal or kept in a file. @returns whether it has asked who comes */
function tellLocks(properties: Properties, remarks: Remarks): boolean {
  const locks = properties.takeAll(LOCKS).filter(([, value]) => value !== 'off');
  for (const [name] of locks)
    if (name.startsWith('password')) remarks.lost(properties.at(name), 'no password is copied', PASSWORD_HINT);
    else
      remarks.lost(
        properties.at(name),
        'who may see displays libvirt says for all VMs of a host',
        'Set `vnc_tls`, `vnc_sasl`, `spice_tls`, `spice_sasl` in /etc/libvirt/qemu.conf of each host.',
      );
  return locks.length > 0;
}
