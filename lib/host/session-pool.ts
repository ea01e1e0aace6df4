import { createHash } from 'node:crypto';
import type { SshSettings } from '../model/topology.js';
import { HostConnection, type HostShell } from './connection.js';
import { type Dialling, diallingOf } from './dial.js';
import { atEnd } from './process-end.js';
import { type Channels, SshClients } from './ssh-clients.js';

interface Shared {
  readonly channels: Promise<Channels>;
  users: number;
}

/**
 * The SSH connections of a process: who asks for a host that is connected gets the same connection, which is closed
 * when the last one who asked has closed his shell. What one begins over it ends with his shell, and does not touch
 * what others have begun.
 */
export class SessionPool {
  readonly #shared = new Map<string, Shared>();

  /** @param dial left out: over SSH */
  constructor(private readonly dial: (how: Dialling) => Promise<Channels> = (how) => SshClients.dial(how)) {}

  /** How many hosts are connected, or being connected. */
  get size(): number {
    return this.#shared.size;
  }

  /**
   * A shell to close after use. Keys and known_hosts are read each time, so that nobody gets a connection that he could
   * not have dialled.
   * @throws VxmigError SSH_CONNECT, SSH_HOST_KEY
   */
  async open(name: string, settings: SshSettings): Promise<HostShell> {
    const how = await diallingOf(name, settings);
    const key = keyOf(how);
    for (;;) {
      const found = this.#shared.get(key);
      const shared = found ?? this.#begin(key, how);
      shared.users += 1;
      const release = () => this.#release(key, shared);
      try {
        const channels = await shared.channels;
        // A connection that is new needs no proof; another one may have broken without a word.
        if (found === undefined || (await channels.answers())) return new HostConnection(name, channels, release);
      } catch (error) {
        release();
        throw error;
      }
      // Whoever still has it sees for himself that it is dead.
      this.#forget(key, shared);
      release();
    }
  }

  /** Everything, whoever has not closed his shell. */
  close(): void {
    for (const [key, shared] of [...this.#shared]) {
      this.#forget(key, shared);
      endLater(shared);
    }
  }

  #begin(key: string, how: Dialling): Shared {
    const shared: Shared = { channels: this.dial(how), users: 0 };
    this.#shared.set(key, shared);
    // Who comes after a failure tries again.
    shared.channels.catch(() => this.#forget(key, shared));
    return shared;
  }

  #release(key: string, shared: Shared): void {
    shared.users -= 1;
    if (shared.users > 0) return;
    this.#forget(key, shared);
    endLater(shared);
  }

  #forget(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }
}

/** The one of this process. */
export const SSH_SESSIONS = new SessionPool();
atEnd(() => SSH_SESSIONS.close());

/** Also one that is still being dialled. */
function endLater({ channels }: Shared): void {
  channels.then(
    (opened) => opened.close(),
    () => undefined,
  );
}

/**
 * What makes a connection the one that somebody else would dial: where to, as whom, shown which keys, trusting which.
 * No key can be read from it.
 */
function keyOf({ name, settings, trusted, identity, jumps }: Dialling): string {
  const { privateKeys, agent, agentKeys } = identity;
  const { fingerprints, revoked } = trusted;
  const parts = {
    ...{ name, settings, fingerprints, revoked, agent },
    privateKeys: privateKeys.map((key) => key.toString('base64')),
    agentKeys: agentKeys?.map((key) => key.toString('base64')),
    jumps: jumps.map(keyOf),
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
