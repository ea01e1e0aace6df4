import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AuthenticationType, Client, ConnectConfig } from 'ssh2';
import SshClient from 'ssh2/lib/client.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { SshSettings } from '../model/topology.js';
import { fingerprintOf, knownKeys, readKnownHosts, sameFingerprint } from './host-key.js';

const READY_TIMEOUT_MS = 15_000;

/** How one host is reached, read once for all connections to it. */
export interface Dialling {
  /** For errors: the host's name, and address and port. */
  readonly name: string;
  readonly place: string;
  readonly config: ConnectConfig;
  readonly trusts: (hostKey: Buffer) => boolean;
}

/** @throws VxmigError SSH_CONNECT where the identity file cannot be read */
export async function diallingOf(name: string, settings: SshSettings): Promise<Dialling> {
  const [trusts, privateKey] = await Promise.all([hostKeyRule(settings), readIdentity(settings.identityFile)]);
  const agent = settings.identityFile === null ? process.env.SSH_AUTH_SOCK : undefined;
  const config = {
    host: settings.address,
    port: settings.port,
    username: settings.user,
    readyTimeout: READY_TIMEOUT_MS,
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    authHandler: authentications(privateKey, agent),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(agent === undefined ? {} : { agent }),
  };
  return { name, place: `${settings.address}:${settings.port}`, config, trusts };
}

/** Only what there is something for: sshd takes milliseconds, and the network its way there and back, to refuse `none`. */
function authentications(privateKey: Buffer | undefined, agent: string | undefined): AuthenticationType[] {
  const usable: AuthenticationType[] = [
    ...(privateKey === undefined ? [] : (['publickey'] as const)),
    ...(agent === undefined ? [] : (['agent'] as const)),
  ];
  return usable.length === 0 ? ['none'] : usable;
}

/** A connection that is ready for commands. @throws VxmigError SSH_CONNECT, SSH_HOST_KEY */
export async function dial({ name, place, config, trusts }: Dialling): Promise<Client> {
  const client = new SshClient();
  let refusedKey: string | undefined;
  // A connection that breaks fails the commands that run over it; the event itself must not end the process.
  client.on('error', () => {});
  const ready = once(client, 'ready');
  try {
    client.connect({
      ...config,
      hostVerifier: (key: Buffer) => {
        const trusted = trusts(key);
        if (!trusted) refusedKey = fingerprintOf(key);
        return trusted;
      },
    });
    // Otherwise a short request waits for the other side's delayed acknowledgement, 40 ms each time.
    client.setNoDelay(true);
    await ready;
    return client;
  } catch (cause) {
    client.destroy();
    const details = { where: name, cause };
    throw refusedKey === undefined
      ? new VxmigError('SSH_CONNECT', `cannot connect to ${name} (${place}): ${messageOf(cause)}`, details)
      : new VxmigError(
          'SSH_HOST_KEY',
          `${name} (${place}) shows the SSH key ${refusedKey}, which is not the known one`,
          details,
        );
  }
}

async function hostKeyRule({ hostKey, address, port }: SshSettings): Promise<(key: Buffer) => boolean> {
  if (hostKey !== null) return (key) => sameFingerprint(fingerprintOf(key), hostKey);
  const known = knownKeys(await readKnownHosts(), address, port);
  return (key) => known.some((candidate) => candidate.equals(key));
}

async function readIdentity(file: string | null): Promise<Buffer | undefined> {
  if (file !== null) {
    const path = file.replace(/^~(?=\/)/, homedir());
    return await readFile(path).catch((cause: unknown) => {
      throw new VxmigError('SSH_CONNECT', `cannot read the identity file ${path}: ${messageOf(cause)}`, { cause });
    });
  }
  for (const name of ['id_ed25519', 'id_ecdsa', 'id_rsa']) {
    const key = await readFile(join(homedir(), '.ssh', name)).catch(() => undefined);
    if (key !== undefined) return key;
  }
  return undefined;
}
