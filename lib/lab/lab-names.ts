import { createHash } from 'node:crypto';
import { DEVICE_NAME_LENGTH } from '../model/names.js';

/** The name under which commands reach the namespace that joins the underlay segments. */
export const ROUTER = 'router';

/**
 * Devices of the lab in the machine's own network namespace start so; `lab down` finds them by it, without any file.
 */
export function rootDevicePrefix(lab: string): string {
  return `vxm${hash(['lab', lab], 6)}`;
}

export function managementBridge(lab: string): string {
  return `${rootDevicePrefix(lab)}-br`;
}

export function managementPort(lab: string, hostIndex: number): string {
  return `${rootDevicePrefix(lab)}-h${hostIndex}`;
}

/** The segment's switch, inside the router's namespace. */
export function segmentBridge(segment: string): string {
  return routerDevice('br', segment);
}

/** The switch's end of the link to the router: what leaves here goes from the segment to the other segments. */
export function segmentUplink(segment: string): string {
  return routerDevice('up', segment);
}

/** The router's end of that link; it has the segment's first address. */
export function segmentGateway(segment: string): string {
  return routerDevice('gw', segment);
}

/** The switch's port that leads to the host's eth0. */
export function hostPort(host: string): string {
  return routerDevice('p', host);
}

/**
 * The MAC of a host's eth0 or mgmt0. It outlives the host: neighbours that have it in their caches find the host again
 * when it was rebuilt. Locally administered (RFC 9542 §2.1: 02 in the first byte).
 */
export function labMac(lab: string, host: string, device: 'eth0' | 'mgmt0'): string {
  return `02${hash(['mac', lab, host, device], 10)}`.replace(/(..)(?=.)/g, '$1:');
}

function routerDevice(kind: string, name: string): string {
  const plain = `${kind}-${name}`;
  if (plain.length <= DEVICE_NAME_LENGTH) return plain;
  // Ends in '.HASH': no plain name has a dot, so a shortened one can't be somebody else's plain one.
  return `${plain.slice(0, DEVICE_NAME_LENGTH - 6)}.${hash([kind, name], 5)}`;
}

function hash(identity: readonly string[], length: number): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, length);
}
