import { type Tag, tag } from './tag.js';

/** Where a disk's bytes are, as libvirt tells it. */
export interface DiskSource {
  readonly type: 'file' | 'block' | 'network';
  readonly tag: Tag;
  /** Who logs in to it: libvirt keeps such secrets itself, and the definition names only which. */
  readonly user?: string;
}

/**
 * A file, a device, or one of the network's that QEMU and Xen name alike (qemu(1), "Device URL Syntax"). Nothing is
 * opened.
 * @returns null where it is none of these
 */
export function diskSource(text: string): DiskSource | null {
  if (/^\/dev\/(?!shm\/)./.test(text)) return { type: 'block', tag: tag('source', { dev: text }) };
  if (text.startsWith('/')) return { type: 'file', tag: tag('source', { file: text }) };
  return rbd(text) ?? nbd(text) ?? byUrl(text);
}

/** What is no path from the root and no URL: against which directory it was meant nobody knows. */
export function isRelative(text: string): boolean {
  return text !== '' && !text.startsWith('/') && !/^[a-z][a-z0-9+-]+:/i.test(text);
}

/** `rbd:pool/image[@snapshot][:key=value…]`, within which `\:` is a colon. */
function rbd(text: string): DiskSource | null {
  if (!text.startsWith('rbd:')) return null;
  const [image = '', ...options] = text
    .slice('rbd:'.length)
    .split(/(?<!\\):/)
    .map((part) => part.replace(/\\(.)/g, '$1'));
  const settings = new Map(options.map((one) => split(one, '=')));
  const monitors = (settings.get('mon_host') ?? '').split(/[;,]/).filter((one) => one !== '');
  const known = ['mon_host', 'id', 'auth_supported', 'conf'];
  const isHost = (one: string) => /^(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/.test(one);
  if (image === '' || !monitors.every(isHost) || [...settings.keys()].some((key) => !known.includes(key))) return null;
  const hosts = monitors.map((one) => hostTag(one));
  const [conf, user] = [settings.get('conf'), settings.get('id')];
  return {
    type: 'network',
    ...(user === undefined ? {} : { user }),
    tag: tag('source', { protocol: 'rbd', name: image }, [
      ...hosts,
      conf === undefined ? null : tag('config', { file: conf }),
    ]),
  };
}

/** `nbd:HOST:PORT[:exportname=NAME]`, `nbd:unix:PATH`. */
function nbd(text: string): DiskSource | null {
  const socket = /^nbd:unix:([^:]+)(?::exportname=(.+))?$/.exec(text);
  if (socket !== null)
    return network({ protocol: 'nbd', name: socket[2] }, tag('host', { transport: 'unix', socket: socket[1] }));
  const found = /^nbd:([^:/]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})(?::exportname=(.+))?$/.exec(text);
  return found === null
    ? null
    : network({ protocol: 'nbd', name: found[3] }, tag('host', { name: bare(found[1] ?? ''), port: found[2] }));
}

function byUrl(text: string): DiskSource | null {
  const found = /^(nbd|iscsi|nfs|https?|ftp):\/\/([^/@:?#\s]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/([^?#\s]*)$/.exec(
    text,
  );
  if (found === null) return null;
  const [, protocol = '', host = '', port, path = ''] = found;
  const name = protocol === 'nfs' ? `/${path}` : path;
  return network({ protocol, name: name === '' ? undefined : name }, tag('host', { name: bare(host), port }));
}

function network(attributes: Readonly<Record<string, string | undefined>>, host: Tag): DiskSource {
  return { type: 'network', tag: tag('source', attributes, [host]) };
}

function hostTag(text: string): Tag {
  const found = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text);
  return tag('host', { name: bare(found?.[1] ?? text), port: found?.[2] });
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function split(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** What to do about a user whose secret is not in the definition. */
export const SECRET_HINT = 'Define it (`virsh secret-define`), and name it by `<auth>` in the `<source>` of the disk.';
