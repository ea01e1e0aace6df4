import { type Tag, tag } from './tag.js';

/** Why a device of the host is not in the definition. */
export const PASSED_DEVICE = {
  why: 'a device of the host does not move with the VM',
  hint:
    'Give the guest a virtual device in its place; while it stays on one host, `virsh attach-device --live` gives it ' +
    'the real one.',
} as const;

/** QEMU's names of pointers and keyboards on USB. */
export function usbInput(name: string): Tag | null {
  const type = { tablet: 'tablet', mouse: 'mouse', keyboard: 'keyboard' }[name];
  return type === undefined ? null : tag('input', { type, bus: 'usb' });
}

/**
 * The host's end of a serial line as `-serial` and Xen's `serial` write it (qemu(1)): `pty`, `file:PATH`,
 * `tcp:HOST:PORT,server`, `unix:PATH,server`, …
 * @param name `serial`, `parallel`, `console`, `channel`
 * @returns null where libvirt has no such end
 */
export function serialTag(name: string, text: string, target: Tag | null = null): Tag | null {
  const made = (type: string, content: readonly (Tag | null)[] = []) => tag(name, { type }, [...content, target]);
  const [head = '', ...options] = text.split(',');
  if (['pty', 'null', 'stdio', 'vc'].includes(head)) return made(head === 'null' ? 'null' : 'pty');
  const file = /^file:(\/.+)$/s.exec(text)?.[1];
  if (file !== undefined) return made('file', [tag('source', { path: file })]);
  const device = /^(\/dev\/.+)$/s.exec(text)?.[1];
  if (device !== undefined) return made('dev', [tag('source', { path: device })]);
  const mode = options.some((one) => one === 'server' || one === 'server=on') ? 'bind' : 'connect';
  const socket = /^unix:(\/.+)$/s.exec(head)?.[1];
  if (socket !== undefined) return made('unix', [tag('source', { mode, path: socket })]);
  const [, protocol, host = '', service = ''] = /^(tcp|telnet):([^:]*|\[[^\]]*\]):(\d{1,5})$/.exec(head) ?? [];
  if (protocol === undefined) return null;
  const address = host === '' ? (mode === 'bind' ? '0.0.0.0' : '127.0.0.1') : host.replace(/^\[(.*)\]$/, '$1');
  return made('tcp', [
    tag('source', { mode, host: address, service }),
    tag('protocol', { type: protocol === 'telnet' ? 'telnet' : 'raw' }),
  ]);
}
