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

/** The keys that OpenSSH's known_hosts files hold for an address (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export function knownKeys(knownHosts: string, address: string, port: number): Buffer[] {
  const wanted = port === 22 ? address : `[${address}]:${port}`;
  const keys: Buffer[] = [];
  for (const line of knownHosts.split('\n')) {
    const fields = line.trim().split(/\s+/);
    // Marked lines (@revoked, @cert-authority) never make a key trusted here.
    if (line.startsWith('#') || line.startsWith('@') || fields.length < 3) continue;
    const [names = '', , key = ''] = fields;
    if (names.split(',').some((name) => nameMatches(name, wanted))) keys.push(Buffer.from(key, 'base64'));
  }
  return keys;
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
