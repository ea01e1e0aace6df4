import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The fingerprint as `ssh-keygen -l` prints it: SHA256 and unpadded base64. */
export function fingerprintOf(publicKey: Buffer): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replace(/=+$/, '')}`;
}

export function sameFingerprint(a: string, b: string): boolean {
  const left = Buffer.from(a.replace(/=+$/, ''));
  const right = Buffer.from(b.replace(/=+$/, ''));
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * The keys that OpenSSH's known_hosts files hold for an address (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). Names count as
 * they stand, hashed or not; patterns do not match. A key that is revoked for anybody is trusted for nobody.
 */
export function knownKeys(knownHosts: string, address: string, port: number): Buffer[] {
  const wanted = port === 22 ? address : `[${address}]:${port}`;
  const keys: string[] = [];
  const revoked = new Set<string>();
  for (const line of knownHosts.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[0] === '@revoked') revoked.add(fields[3] ?? '');
    // What a certificate authority has signed is not looked at: its own key is no host's key.
    if (line.startsWith('#') || line.startsWith('@') || fields.length < 3) continue;
    const [names = '', , key = ''] = fields;
    if (names.split(',').some((name) => nameMatches(name, wanted))) keys.push(key);
  }
  return keys.filter((key) => !revoked.has(key)).map((key) => Buffer.from(key, 'base64'));
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
 * What to ask a host for, which shows one of its keys only: first the kinds of which a key is known (as ssh(1) does, "HostKeyAlgorithms"). Without that a
 * host of which only the RSA key is known would show another one, and be refused.
 */
export function preferredAlgorithms(known: readonly Buffer[]): (typeof ALGORITHMS)[keyof typeof ALGORITHMS][number][] {
  const types = new Set(known.map(typeOf));
  const isKnown = ([type]: readonly [string, unknown]) => types.has(type);
  const entries = Object.entries(ALGORITHMS);
  return [...entries.filter(isKnown), ...entries.filter((entry) => !isKnown(entry))].flatMap(([, names]) => [...names]);
}

/** A key begins with its type, and that with its length (RFC 4253 §6.6). */
function typeOf(key: Buffer): string {
  return key.length < 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function nameMatches(name: string, wanted: string): boolean {
  if (!name.startsWith('|1|')) return name === wanted;
  const [, , salt = '', hash = ''] = name.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(wanted).digest('base64') === hash;
}

export async function readKnownHosts(): Promise<string> {
  const files = [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts'];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.join('\n');
}
