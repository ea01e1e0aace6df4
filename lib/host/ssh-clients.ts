import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { messageOf, VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import { type Dialling, dial } from './dial.js';

/** sshd's MaxSessions is 10 per connection by default; two are left for whoever else shares it. */
const SESSIONS_PER_CONNECTION = 8;
const OPEN_TIMEOUT_MS = 15_000;
/** How long a connection that somebody else uses may take to show that it still lives. */
const ALIVE_TIMEOUT_MS = 5_000;
/** What a burst of commands has dialled is of use for the next one, and not for ever. */
const IDLE_MS = 10_000;

/** What a host is spoken to over: sessions for commands, and ways to its unix sockets. */
export interface Channels {
  /** False once the host is known to be gone, or we have closed it. */
  readonly isAlive: boolean;
  /** Asks the host; a connection that has broken without a word does not answer. */
  answers(): Promise<boolean>;
  /** @throws VxmigError SSH_CONNECT */
  exec(argv: readonly string[]): Promise<ClientChannel>;
  /** @throws VxmigError SSH_CONNECT */
  openSocket(path: string): Promise<Duplex>;
  close(): void;
}

interface Dialled {
  readonly client: Client;
  sessions: number;
  sockets: number;
}

/**
 * The SSH connections to one host. More are dialled when none has a free session left, and given up when they are idle.
 */
export class SshClients implements Channels {
  readonly #clients: Dialled[] = [];
  #dialling: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    private readonly how: Dialling,
    private readonly idleMs: number,
  ) {}

  /**
   * @param idleMs how long a connection besides the first is kept that nobody uses
   * @throws VxmigError SSH_CONNECT, SSH_HOST_KEY
   */
  static async dial(how: Dialling, idleMs = IDLE_MS): Promise<SshClients> {
    const clients = new SshClients(how, idleMs);
    await clients.#dial();
    return clients;
  }

  get isAlive(): boolean {
    return !this.#closed && this.#clients.length > 0;
  }

  async answers(): Promise<boolean> {
    if (!this.isAlive) return false;
    try {
      const channel = await this.#exec(['true'], ALIVE_TIMEOUT_MS);
      channel.resume();
      channel.end();
      return true;
    } catch (error) {
      if (!(error instanceof VxmigError)) throw error;
      return false;
    }
  }

  async exec(argv: readonly string[]): Promise<ClientChannel> {
    return await this.#exec(argv, OPEN_TIMEOUT_MS);
  }

  async #exec(argv: readonly string[], timeoutMs: number): Promise<ClientChannel> {
    const taken = await this.#takeSession();
    const free = () => {
      taken.sessions -= 1;
      this.#endIfIdle(taken);
    };
    try {
      const channel = await answered<ClientChannel>((answer) => taken.client.exec(shellLine(argv), answer), timeoutMs);
      channel.once('close', free);
      return channel;
    } catch (cause) {
      free();
      throw this.#broken(`${this.how.name} did not open a session: ${messageOf(cause)}`, cause);
    }
  }

  /** It is counted before anybody else looks for a free one. */
  async #takeSession(): Promise<Dialled> {
    const free = () => this.#clients.find((entry) => entry.sessions < SESSIONS_PER_CONNECTION);
    for (;;) {
      if (this.#closed) throw this.#broken(`the connection to ${this.how.name} is closed`);
      const entry = free();
      if (entry !== undefined) {
        entry.sessions += 1;
        return entry;
      }
      // One dial at a time: a burst of commands shares the connection that the first of them opens.
      this.#dialling = this.#dialling.catch(() => {}).then(() => (free() === undefined ? this.#dial() : undefined));
      await this.#dialling;
    }
  }

  async #dial(): Promise<void> {
    const client = await dial(this.how);
    // It was closed meanwhile, and this one would be left open.
    if (this.#closed) {
      client.end();
      return;
    }
    const entry: Dialled = { client, sessions: 0, sockets: 0 };
    this.#clients.push(entry);
    client.on('close', () => this.#forget(entry));
  }

  #forget(entry: Dialled): void {
    const index = this.#clients.indexOf(entry);
    if (index >= 0) this.#clients.splice(index, 1);
  }

  /**
   * The far end of a unix socket on the host, as OpenSSH's direct-streamlocal forwarding gives it (PROTOCOL §2.4):
   * MaxSessions does not count these.
   */
  async openSocket(path: string): Promise<Duplex> {
    const [entry] = this.#clients;
    if (entry === undefined || this.#closed) throw this.#broken(`the connection to ${this.how.name} is closed`);
    entry.sockets += 1;
    const free = () => {
      entry.sockets -= 1;
      this.#endIfIdle(entry);
    };
    try {
      const socket = await answered<Duplex>(
        (answer) => entry.client.openssh_forwardOutStreamLocal(path, answer),
        OPEN_TIMEOUT_MS,
      );
      socket.once('close', free);
      return socket;
    } catch (cause) {
      free();
      throw this.#broken(`cannot reach ${path} on ${this.how.name}: ${messageOf(cause)}`, cause);
    }
  }

  /** The first one stays: it is what being connected means. */
  #endIfIdle(entry: Dialled): void {
    const isIdle = () => entry.sessions === 0 && entry.sockets === 0 && this.#clients.indexOf(entry) > 0;
    if (!isIdle()) return;
    setTimeout(() => {
      if (!isIdle()) return;
      // At once: until it is closed nobody must take a session of it.
      this.#forget(entry);
      entry.client.end();
    }, this.idleMs).unref();
  }

  close(): void {
    this.#closed = true;
    for (const { client } of [...this.#clients]) client.end();
  }

  #broken(message: string, cause?: unknown): VxmigError {
    return new VxmigError('SSH_CONNECT', message, { where: this.how.name, cause });
  }
}

/** sshd opens a channel at once, or says that it does not. One that comes too late is closed. */
async function answered<Channel extends Duplex>(
  ask: (answer: (error: Error | undefined, channel: Channel) => void) => void,
  timeoutMs: number,
): Promise<Channel> {
  return await new Promise<Channel>((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      ask((error, channel) => {
        clearTimeout(timer);
        if (error) reject(error);
        else if (late) channel.destroy();
        else resolve(channel);
      });
    } catch (error) {
      // ssh2 throws where the connection is gone.
      clearTimeout(timer);
      reject(error);
    }
  });
}
