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
