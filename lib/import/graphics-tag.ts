import { isIP } from 'node:net';
import { type Tag, tag } from './tag.js';

/** An import is shown on terminals and kept in files: no secret is in it. */
export const PASSWORD_HINT = 'Write `passwd=` into `<graphics>` when you define the domain (`virsh edit`).';

/** @param port null: libvirt chooses one */
export function graphicsTag(
  type: 'vnc' | 'spice',
  { listen, port, keymap }: { readonly listen: string; readonly port: number | null; readonly keymap?: string | null },
): Tag {
  const isAuto = port === null || !(port >= 1 && port <= 65_535);
  const layout = typeof keymap === 'string' && /^[\w-]+$/.test(keymap) ? keymap : null;
  return tag('graphics', {
    type,
    port: isAuto ? -1 : port,
    autoport: isAuto,
    listen: listenAddress(listen),
    keymap: layout,
  });
}

/** On loopback where it is no address: a display that anybody reaches is nothing to be guessed. */
function listenAddress(text: string): string {
  return /^[A-Za-z0-9][\w.-]*$/.test(text) || isIP(text) !== 0 ? text : '127.0.0.1';
}
