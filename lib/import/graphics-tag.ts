import { BlockList, isIP } from 'node:net';
import type { Origin, Remarks } from './remarks.js';
import { type Tag, tag } from './tag.js';

/** An import is shown on terminals and kept in files: no secret is in it. */
export const PASSWORD_HINT =
  "Write `passwd=`, and `listen='0.0.0.0'` where it shall be reached from elsewhere, into `<graphics>` (`virsh edit`).";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Where a display listens on whichever host the VM is.
 * @param isLocked it asked for a password or a certificate, which is not carried over: nobody shall get in without
 */
export function displayAddress(asked: string, isLocked: boolean, origin: Origin, remarks: Remarks): string {
  const address = listenAddress(asked);
  if (address === 'localhost' || (isIP(address) !== 0 && LOOPBACK.check(address, `ipv${isIP(address) === 6 ? 6 : 4}`)))
    return address;
  const isOfOneHost = !['0.0.0.0', '::'].includes(address);
  if (!isLocked && !isOfOneHost) return address;
  remarks.changed(
    origin,
    isLocked
      ? `its display listened on ${address} and asked who comes; as nothing of that is copied, it listens on 127.0.0.1`
      : `${address} is of one host, and the VM shall move: its display listens on 127.0.0.1`,
    PASSWORD_HINT,
  );
  return '127.0.0.1';
}

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
