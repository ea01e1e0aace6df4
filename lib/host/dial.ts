import { once } from 'node:events';
import type { AuthenticationType, Client, ConnectConfig } from 'ssh2';
import SshClient from 'ssh2/lib/client.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { SshSettings } from '../model/topology.js';
import { fingerprintOf, preferredAlgorithms, sameFingerprint } from './host-key.js';
import { readIdentity } from './identity.js';
import { knownHost, readKnownHosts } from './known-hosts.js';

const READY_TIMEOUT_MS = 15_000;

/** Which keys a host may show, and where that is written. */
interface TrustedKeys {
  readonly fingerprints: readonly string[];
  /** Of keys that it must not show, whoever vouches for them. */
  readonly revoked: readonly string[];
  readonly source: string;
  /** Those themselves, as far as more than a fingerprint is known. */
  readonly keys: readonly Buffer[];
  /** known_hosts names one whose certificates the host could show. */
  readonly hasAuthority: boolean;
}

/** How one host is reached, read once for all connections to it. */
export interface Dialling {
  /** For errors: the host's name, and address and port. */
  readonly name: string;
  readonly place: string;
  readonly config: ConnectConfig;
  readonly trusted: TrustedKeys;
}

/** @throws VxmigError SSH_CONNECT where the identity file cannot be read */
export async function diallingOf(name: string, settings: SshSettings): Promise<Dialling> {
  const [trusted, { privateKey, agent }] = await Promise.all([
    trustedKeys(settings),
    readIdentity(settings.identityFile, process.env.SSH_AUTH_SOCK),
  ]);
  const config = {
    host: settings.address,
    port: settings.port,
    username: settings.user,
    readyTimeout: READY_TIMEOUT_MS,
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    authHandler: authentications(privateKey, agent),
    algorithms: { serverHostKey: preferredAlgorithms(trusted.keys) },
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(agent === undefined ? {} : { agent }),
  };
  return { name, place: `${settings.address}:${settings.port}`, config, trusted };
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
export async function dial({ name, place, config, trusted }: Dialling): Promise<Client> {
  const client = new SshClient();
  let refusedKey: string | undefined;
  // A connection that breaks fails the commands that run over it; the event itself must not end the process.
  client.on('error', () => {});
  const ready = once(client, 'ready');
  try {
    client.connect({
      ...config,
      hostVerifier: (key: Buffer) => {
        const shown = fingerprintOf(key);
        const isTrusted = isAmong(shown, trusted.fingerprints) && !isAmong(shown, trusted.revoked);
        if (!isTrusted) refusedKey = shown;
        return isTrusted;
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
      ? new VxmigError(
          'SSH_CONNECT',
          `cannot connect to ${name} (${place}): ${messageOf(cause).slice(0, 400)}`,
          details,
        )
      : wrongKey(name, place, refusedKey, trusted, details);
  }
}

function wrongKey(
  name: string,
  place: string,
  shown: string,
  { fingerprints, revoked, source, hasAuthority }: TrustedKeys,
  details: { readonly where: string; readonly cause: unknown },
): VxmigError {
  const shows = `${name} (${place}) shows the SSH key ${shown}`;
  if (isAmong(shown, revoked)) {
    return new VxmigError('SSH_HOST_KEY', `${shows}, which known_hosts has as revoked; nothing was sent to it`, {
      ...details,
      hint: 'Whoever has that key may stand in for the host. Give it a new one, or take the line with `@revoked` out of known_hosts.',
    });
  }
  const authority = hasAuthority ? ' but a certificate authority, and certificates are not looked at' : '';
  const known = fingerprints.length === 0 ? `none for it${authority}` : fingerprints.join(', ');
  const hint =
    'On the host itself, `for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done` prints its keys. If that one is among them, ' +
    `write \`hostKey: "${shown}"\` under \`ssh\` in the topology (without a file: \`--host-key\`), or mend known_hosts; if not, somebody stands in between.`;
  return new VxmigError('SSH_HOST_KEY', `${shows}, and ${source} has ${known}; nothing was sent to it`, {
    ...details,
    hint,
  });
}

async function trustedKeys({ hostKey, address, port }: SshSettings): Promise<TrustedKeys> {
  const known = knownHost(await readKnownHosts(), address, port);
  const revoked = known.revoked.map(fingerprintOf);
  if (hostKey !== null) {
    return { fingerprints: [hostKey], revoked, source: 'what was given for it', keys: [], hasAuthority: false };
  }
  const { keys, hasAuthority } = known;
  return { fingerprints: keys.map(fingerprintOf), revoked, source: 'known_hosts', keys, hasAuthority };
}

function isAmong(fingerprint: string, these: readonly string[]): boolean {
  return these.some((known) => sameFingerprint(fingerprint, known));
}
