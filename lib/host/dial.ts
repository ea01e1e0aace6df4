import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import ssh2, { type AgentAuthMethod, type Client, type ConnectConfig, type PublicKeyAuthMethod } from 'ssh2';
import { messageOf, VxmigError } from '../model/errors.js';
import type { SshSettings } from '../model/topology.js';
import { agentOfKeys } from './agent-keys.js';
import { fingerprintOf, preferredAlgorithms, sameFingerprint } from './host-key.js';
import { type Identity, readIdentity } from './identity.js';
import { knownHost, readKnownHosts } from './known-hosts.js';
import { sshLine, unreachedHint } from './unreached.js';

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
  readonly identity: Identity;
  readonly settings: SshSettings;
  /** Who is gone through, the nearest to us first. */
  readonly jumps: readonly Dialling[];
}

/** @throws VxmigError SSH_CONNECT where the identity file cannot be read */
export async function diallingOf(name: string, settings: SshSettings): Promise<Dialling> {
  const [trusted, identity, jumps] = await Promise.all([
    trustedKeys(settings),
    readIdentity(settings, process.env.SSH_AUTH_SOCK),
    Promise.all(
      (settings.client?.jumps ?? []).map((jump) => diallingOf(`${jump.address}, the jump host for ${name}`, jump)),
    ),
  ]);
  const config = {
    host: settings.address,
    port: settings.port,
    username: settings.user,
    readyTimeout: READY_TIMEOUT_MS,
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    ...authentications(settings.user, identity),
    algorithms: { serverHostKey: preferredAlgorithms(trusted.keys) },
  };
  return { name, place: `${settings.address}:${settings.port}`, config, trusted, identity, settings, jumps };
}

/**
 * Only what there is something for: sshd takes milliseconds, and the network its way there and back, to refuse `none`.
 */
function authentications(
  username: string,
  { privateKeys, agent, agentKeys }: Identity,
): Pick<ConnectConfig, 'authHandler' | 'privateKey'> {
  const [first, ...others] = privateKeys;
  const held: AgentAuthMethod[] =
    agent === undefined
      ? []
      : [{ type: 'agent', username, agent: agentKeys === undefined ? agent : agentOfKeys(agent, agentKeys) }];
  if (first === undefined) return { authHandler: held.length === 0 ? ['none'] : held };
  // The only key is read by ssh2 beforehand, which says what is wrong with it.
  if (others.length === 0 && held.length === 0) return { authHandler: ['publickey'], privateKey: first };
  const keys = privateKeys.map((key): PublicKeyAuthMethod => ({ type: 'publickey', username, key }));
  return { authHandler: [...keys, ...held] };
}

/**
 * A connection that is ready for commands. Each host on the way shows its own key. @throws VxmigError SSH_CONNECT,
 * SSH_HOST_KEY
 */
export async function dial(dialling: Dialling): Promise<Client> {
  const { jumps } = dialling;
  const hops: Client[] = [];
  try {
    let way: Duplex | undefined;
    for (const [index, jump] of jumps.entries()) {
      const hop = await connect(jump, way);
      hops.push(hop);
      const next = jumps[index + 1] ?? dialling;
      way = await forwarded(hop, jump.name, next);
    }
    const client = await connect(dialling, way);
    client.once('close', () => {
      for (const hop of hops) hop.end();
    });
    return client;
  } catch (error) {
    for (const hop of hops) hop.destroy();
    throw error;
  }
}

async function forwarded(hop: Client, through: string, { name, place, settings }: Dialling): Promise<Duplex> {
  return await new Promise((resolve, reject) => {
    hop.forwardOut('127.0.0.1', 0, settings.address, settings.port, (cause, channel) => {
      if (cause === undefined) return resolve(channel);
      const message = `${through} does not reach ${name} (${place}): ${messageOf(cause).slice(0, 400)}`;
      const hint =
        'Is it up, and may the jump host forward (`AllowTcpForwarding` in its sshd_config)? Try ' +
        `${sshLine(settings)}.`;
      reject(new VxmigError('SSH_CONNECT', message, { where: name, hint, cause }));
    });
  });
}

async function connect(dialling: Dialling, way: Duplex | undefined): Promise<Client> {
  const { name, place, config, trusted } = dialling;
  const client = new ssh2.Client();
  let refusedKey: string | undefined;
  // A connection that breaks fails the commands that run over it; the event itself must not end the process.
  client.on('error', () => {});
  const ready = once(client, 'ready');
  try {
    client.connect({
      ...config,
      ...(way === undefined ? {} : { sock: way }),
      hostVerifier: (key: Buffer) => {
        const shown = fingerprintOf(key);
        const isTrusted = isAmong(shown, trusted.fingerprints) && !isAmong(shown, trusted.revoked);
        if (!isTrusted) refusedKey = shown;
        return isTrusted;
      },
    });
    // Otherwise a short request waits for the other side's delayed acknowledgement, 40 ms each time.
    if (way === undefined) client.setNoDelay(true);
    await ready;
    return client;
  } catch (cause) {
    client.destroy();
    const details = { where: name, cause };
    if (refusedKey !== undefined) throw wrongKey(name, place, refusedKey, trusted, details);
    const message = `cannot connect to ${name} (${place}): ${messageOf(cause).slice(0, 400)}`;
    throw new VxmigError('SSH_CONNECT', message, { ...details, hint: unreachedHint(dialling, cause) });
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
      hint:
        'Whoever has that key may stand in for the host. Give it a new one, or take the line with `@revoked` out ' +
        'of known_hosts.',
    });
  }
  const authority = hasAuthority ? ' but a certificate authority, and certificates are not looked at' : '';
  const known = fingerprints.length === 0 ? `none for it${authority}` : fingerprints.join(', ');
  const hint =
    'On the host itself, `for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done` prints its keys. ' +
    'If that one is among them, ' +
    `write \`hostKey: "${shown}"\` under \`ssh\` in the topology (without a file: \`--host-key\`), or fix ` +
    'known_hosts; if not, somebody stands in between.';
  return new VxmigError('SSH_HOST_KEY', `${shows}, and ${source} has ${known}; nothing was sent to it`, {
    ...details,
    hint,
  });
}

async function trustedKeys({ hostKey, address, port, client }: SshSettings): Promise<TrustedKeys> {
  const text = await readKnownHosts(client?.knownHostsFiles);
  const alias = client?.hostKeyAlias ?? null;
  const known = alias === null ? knownHost(text, address, port) : knownHost(text, alias, 22);
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
