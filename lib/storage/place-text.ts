import type { VolumePlace } from './storage-kind.js';

/** As qemu-img takes it: a path, or a URI (qemu-block-drivers(7)). */
export function placeText(place: VolumePlace): string {
  if (place.kind === 'file') return place.path;
  const host = place.server.includes(':') ? `[${place.server}]` : place.server;
  const authority = place.port === null ? host : `${host}:${place.port}`;
  const name = place.name.split('/').map(encodeURIComponent).join('/');
  return `${place.protocol}://${authority}${name.startsWith('/') ? '' : '/'}${name}`;
}

export interface ServedFile {
  readonly server: string;
  /** As people at the server see it. */
  readonly path: string;
}

/** Of a place as qemu-img takes it; null: it is no file of an NFS server. */
export function servedFile(place: string): ServedFile | null {
  const [, server, path] = /^nfs:\/\/\[?([^/\]]+)\]?(\/.*)$/.exec(place) ?? [];
  return server === undefined || path === undefined ? null : { server, path: decodeURIComponent(path) };
}
