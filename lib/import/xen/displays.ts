import { displayAddress, graphicsTag, PASSWORD_HINT } from '../graphics-tag.js';
import type { Guest } from '../guest.js';
import type { Origin, Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { XenKeys } from './keys.js';

/** A display, and the card behind it: HVM's own, or the frame buffer of a paravirtual guest. */
export function readDisplays(keys: XenKeys, guest: Guest, isHvm: boolean, remarks: Remarks): void {
  const buffers = keys.texts('vfb');
  for (const buffer of buffers.slice(0, 1)) guest.devices.push(...frameBuffer(buffer, remarks));
  for (const buffer of buffers.slice(1)) remarks.lost(buffer, 'a VM has one display of a kind', 'Take one of the two.');
  if (buffers.length > 0) return;
  const [vnc, spice, nographic] = [keys.flag('vnc'), keys.flag('spice'), keys.flag('nographic')];
  const wantsWindow = keys.origin('sdl') !== null && keys.flag('sdl') === true;
  if (!isHvm || nographic === true) return;
  if (spice === true) guest.devices.push(spiceTag(keys, remarks));
  else if (vnc !== false || wantsWindow) guest.devices.push(vncTag(keys, remarks));
  if (wantsWindow)
    remarks.changed({ text: 'sdl=1', place: null }, 'a window of the host’s is a VNC display', 'Nothing to do.');
  guest.devices.push(videoTag(keys));
}

function vncTag(keys: XenKeys, remarks: Remarks): Tag {
  const origin = keys.origin('vnclisten') ?? { text: 'vnc', place: null };
  const asked = keys.text('vnclisten')?.split(':')[0] ?? '127.0.0.1';
  const number = keys.number('vncdisplay');
  keys.drop('vncunused');
  const listen = displayAddress(asked, tellPassword(keys, 'vncpasswd', remarks), origin, remarks);
  return graphicsTag('vnc', { listen, port: number === null ? null : 5900 + number, keymap: keys.text('keymap') });
}

function spiceTag(keys: XenKeys, remarks: Remarks): Tag {
  const port = keys.number('spiceport');
  const origin = keys.origin('spicehost') ?? { text: 'spice', place: null };
  const isOpen = keys.flag('spicedisable_ticketing') === true;
  const isLocked = tellPassword(keys, 'spicepasswd', remarks) || !isOpen;
  const listen = displayAddress(keys.text('spicehost') ?? '127.0.0.1', isLocked, origin, remarks);
  return graphicsTag('spice', { listen, port, keymap: keys.text('keymap') });
}

/** @returns whether there is one */
function tellPassword(keys: XenKeys, key: string, remarks: Remarks): boolean {
  const origin = keys.origin(key);
  if (origin === null || keys.text(key) === null) return false;
  remarks.lost({ text: `${key} = …`, place: origin.place }, 'no password is copied', PASSWORD_HINT);
  return true;
}

/** `vnc=1,vncdisplay=1,…` (xl.cfg(5), "Paravirtual Framebuffer"). */
function frameBuffer(buffer: Origin, remarks: Remarks): Tag[] {
  const settings = new Map(
    buffer.text.split(',').map((part) => {
      const [key = '', ...value] = part.trim().split('=');
      return [key.trim(), value.join('=').replace(/^['"]|['"]$/g, '')] as const;
    }),
  );
  const display = settings.get('vncdisplay') ?? '';
  const known = ['vnc', 'vncdisplay', 'vncunused', 'vnclisten', 'keymap', 'type', 'sdl', 'vncpasswd', ''];
  for (const [key, value] of settings)
    if (!known.includes(key) || (key === 'vncpasswd' && value !== ''))
      remarks.lost(
        { ...buffer, text: key === 'vncpasswd' ? 'vncpasswd=…' : `${key}=${value}` },
        key === 'vncpasswd' ? 'no password is copied' : 'it has no equal',
        key === 'vncpasswd' ? PASSWORD_HINT : 'Nothing to do.',
      );
  const port = /^\d{1,4}$/.test(display) ? 5900 + Number(display) : null;
  const isLocked = (settings.get('vncpasswd') ?? '') !== '';
  const listen = displayAddress(settings.get('vnclisten')?.split(':')[0] || '127.0.0.1', isLocked, buffer, remarks);
  remarks.changed(buffer, 'a frame buffer of Xen’s is a VGA card with a VNC display', 'Nothing to do.');
  return [graphicsTag('vnc', { listen, port, keymap: settings.get('keymap') ?? null }), video('vga', null)];
}

function videoTag(keys: XenKeys): Tag {
  const standard = keys.flag('stdvga') === true ? 'stdvga' : null;
  const name = keys.text('vga') ?? standard ?? 'cirrus';
  const model = { stdvga: 'vga', qxl: 'qxl', none: 'none' }[name] ?? 'cirrus';
  return video(model, keys.number('videoram'));
}

function video(type: string, mib: number | null): Tag {
  const vram = mib === null || mib < 1 || type === 'none' ? null : mib * 1024;
  return tag('video', {}, [tag('model', { type, vram })]);
}
