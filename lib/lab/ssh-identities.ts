import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { fingerprintOf } from '../host/host-key.js';
import type { Topology } from '../model/topology.js';
import { machineDirectory, sshDirectory } from './lab-directory.js';

/** RFC 8709 §4: two strings, `ssh-ed25519` and a key of 32 bytes, each with four bytes of length. */
const ED25519_BLOB_BYTES = 4 + 11 + 4 + 32;

/** An ed25519 pair in OpenSSH's format; the public half is one line without a comment's newline. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface LabIdentities {
  readonly controller: KeyPair;
  /** By host name: what sshd proves the host with, and what the host itself logs in to the others with. */
  readonly hosts: ReadonlyMap<string, { readonly host: KeyPair; readonly user: KeyPair }>;
}

/** Made once in the lab's life and kept in its directory: a host that starts again is the same to its peers. */
export async function createIdentities(topology: Topology): Promise<LabIdentities> {
  const controller = await keyPair(sshDirectory(topology.name), 'id_ed25519', `controller@${topology.name}`);
  const hosts = new Map<string, { host: KeyPair; user: KeyPair }>();
  for (const { name } of topology.hosts) {
    const directory = join(machineDirectory(topology.name, name), 'ssh');
    hosts.set(name, {
      host: await keyPair(directory, 'ssh_host_ed25519_key', name),
      user: await keyPair(directory, 'id_ed25519', `root@${name}`),
    });
  }
  return { controller, hosts };
}

/** `SHA256:…` of a public key line. */
export function fingerprintOfLine(publicKey: string): string {
  return fingerprintOf(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64'));
}

/** What lets a person type `ssh -F /run/vxmig/labs/NAME/ssh/config HOST`. */
export async function writeControllerSsh(
  lab: string,
  knownHosts: string,
  addresses: ReadonlyMap<string, string>,
): Promise<void> {
  const directory = sshDirectory(lab);
  const known = join(directory, 'known_hosts');
  const blocks = [...addresses].map(([host, address]) => `Host ${host}\n  HostName ${address}\n`);
  const common =
    `Host *\n  User root\n  IdentityFile ${join(directory, 'id_ed25519')}\n  IdentitiesOnly yes\n` +
    `  UserKnownHostsFile ${known}\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n`;
  await writeFile(known, knownHosts);
  await writeFile(join(directory, 'config'), `${blocks.join('')}${common}`);
}

async function keyPair(directory: string, name: string, comment: string): Promise<KeyPair> {
  const file = join(directory, name);
  const kept = await readFile(file, 'utf8').catch(() => null);
  const publicKept = await readFile(`${file}.pub`, 'utf8').catch(() => null);
  if (kept !== null && publicKept !== null) return { privateKey: kept, publicKey: publicKept.trim() };
  const made = generateKeyPair(comment);
  // The private half of every key is below a directory that only root may enter.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(file, made.private, { mode: 0o600 });
  await writeFile(`${file}.pub`, `${made.public}\n`);
  return { privateKey: made.private, publicKey: made.public };
}

/** ssh2 1.17 leaves out a leading zero byte of the public key, one time in 256; OpenSSH then refuses both halves. */
export function generateKeyPair(comment: string): { readonly private: string; readonly public: string } {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    if (Buffer.from(made.public.split(' ')[1] ?? '', 'base64').length === ED25519_BLOB_BYTES) return made;
  }
}
