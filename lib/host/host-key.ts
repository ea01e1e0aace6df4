import { createHash, timingSafeEqual } from 'node:crypto';
import { keyType } from './known-hosts.js';

/** The fingerprint as `ssh-keygen -l` prints it: SHA256 and unpadded base64. */
export function fingerprintOf(publicKey: Buffer): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replace(/=+$/, '')}`;
}

export function sameFingerprint(a: string, b: string): boolean {
  const left = Buffer.from(a.replace(/=+$/, ''));
  const right = Buffer.from(b.replace(/=+$/, ''));
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The strongest first; SHA-1 is not among them. */
const ALGORITHMS = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} as const;

/**
 * What to ask a host for, which shows one of its keys only: first the kinds of which a key is known (as ssh(1) does,
 * "HostKeyAlgorithms"). Without that a host of which only the RSA key is known would show another one, and be refused.
 */
export function preferredAlgorithms(known: readonly Buffer[]): (typeof ALGORITHMS)[keyof typeof ALGORITHMS][number][] {
  const types = new Set(known.map(keyType));
  const isKnown = ([type]: readonly [string, unknown]) => types.has(type);
  const entries = Object.entries(ALGORITHMS);
  return [...entries.filter(isKnown), ...entries.filter((entry) => !isKnown(entry))].flatMap(([, names]) => [...names]);
}
