import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What OpenSSH's known_hosts files say of one host. */
export interface KnownHost {
  /** Those that it may show. */
  readonly keys: readonly Buffer[];
  /** No host may show one of these, whatever else vouches for it. */
  readonly revoked: readonly Buffer[];
  /**
   * A certificate authority is named for it. What that has signed is not looked at, and its own key is no host's key.
   */
  readonly hasAuthority: boolean;
}

/**
 * Reads known_hosts as sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT", says: patterns, hashed names, markers. A key that is
 * revoked for anybody is trusted for nobody ("must not ever be accepted"), for the line may name the host by another of
 * its names. Lines that cannot be read are passed over.
 *
 * @param port 22 is not written in the file
 */
export function knownHost(knownHosts: string, address: string, port: number): KnownHost {
  const name = (port === 22 ? address : `[${address}]:${port}`).toLowerCase();
  const entries = knownHosts.split('\n').flatMap((line) => entryOf(line) ?? []);
  const revoked = entries.filter(({ marker }) => marker === '@revoked').map(({ key }) => key);
  const own = entries.filter(({ names, key }) => namesMatch(names, name) && !revoked.some((bad) => bad.equals(key)));
  return {
    keys: own.filter(({ marker }) => marker === '').map(({ key }) => key),
    revoked,
    hasAuthority: own.some(({ marker }) => marker === '@cert-authority'),
  };
}

interface Entry {
  readonly marker: string;
  readonly names: string;
  readonly key: Buffer;
}

function entryOf(line: string): Entry | null {
  const [, marker = '', names = '', type = '', base64 = ''] =
    /^[ \t]*(?:(@cert-authority|@revoked)[ \t]+)?([^\s@#]\S*)[ \t]+(\S+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(
      line,
    ) ?? [];
  const key = Buffer.from(base64, 'base64');
  return names === '' || keyType(key) !== type ? null : { marker, names, key };
}

/** A key begins with its type, and that with its length (RFC 4253 §6.6). */
export function keyType(key: Buffer): string {
  return key.length < 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** A hashed name stands alone; of patterns one must match, and none of those that a `!` negates. */
function namesMatch(names: string, name: string): boolean {
  if (names.startsWith('|')) return hashMatches(names, name);
  const patterns = names.toLowerCase().split(',');
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && patternMatches(pattern, name)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && patternMatches(pattern.slice(1), name))
  );
}

function hashMatches(hashed: string, name: string): boolean {
  const [, kind, salt = '', hash] = hashed.split('|');
  return kind === '1' && createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** `*` is any number of characters, `?` is one (ssh_config(5), "PATTERNS"); brackets are themselves. */
export function patternMatches(pattern: string, name: string): boolean {
  const parts = pattern.replaceAll(/\*+/g, '*').split(/([*?])/);
  const source = parts.map((part) =>
    part === '*' ? '.*' : part === '?' ? '.' : part.replaceAll(/[^A-Za-z0-9]/g, '\\$&'),
  );
  return new RegExp(`^${source.join('')}$`, 's').test(name);
}

/** @param files left out: those that ssh(1) reads where nothing else is configured */
export async function readKnownHosts(files: readonly string[] = usualFiles()): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.join('\n');
}

function usualFiles(): string[] {
  const first = [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts'];
  return first.flatMap((file) => [file, `${file}2`]);
}
