import { once } from 'node:events';
import type { AuthenticationType, Client, ConnectConfig } from 'ssh2';
import SshClient from 'ssh2/lib/client.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { SshSettings } from '../model/topology.js';
import { fingerprintOf, knownKeys, preferredAlgorithms, readKnownHosts, sameFingerprint } from './host-key.js';
import { readIdentity } from './identity.js';

const READY_TIMEOUT_MS = 15_000;

/** Which keys a host may show, and where that is written. */
interface TrustedKeys {
  readonly fingerprints: readonly string[];
  readonly source: string;
  /** Those themselves, as far as more than a fingerprint is known. */
  readonly keys: readonly Buffer[];
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
        const isTrusted = trusted.fingerprints.some((known) => sameFingerprint(shown, known));
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
  { fingerprints, source }: TrustedKeys,
  details: { readonly where: string; readonly cause: unknown },
): VxmigError {
  const known = fingerprints.length === 0 ? `${source} has none for it` : `${source} has ${fingerprints.join(', ')}`;
  const hint =
    'On the host itself, `for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done` prints its keys. If that one is among them, ' +
    `write \`hostKey: "${shown}"\` under \`ssh\` in the topology (without a file: \`--host-key\`), or mend known_hosts; if not, somebody stands in between.`;
  return new VxmigError(
    'SSH_HOST_KEY',
    `${name} (${place}) shows the SSH key ${shown}, and ${known}; nothing was sent to it`,
    {
      ...details,
      hint,
    },
  );
}

async function trustedKeys({ hostKey, address, port }: SshSettings): Promise<TrustedKeys> {
  if (hostKey !== null) return { fingerprints: [hostKey], source: 'what was given for it', keys: [] };
  const known = knownKeys(await readKnownHosts(), address, port);
  return { fingerprints: known.map(fingerprintOf), source: 'known_hosts', keys: known };
}
