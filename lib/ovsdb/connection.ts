import type { Duplex } from 'node:stream';
import { OvsdbError } from './errors.js';
import { type Json, JsonSplitter, MAX_MESSAGE_BYTES } from './wire.js';

export interface ConnectionOptions {
  /** How long the server may take for an answer, unless a call says otherwise. */
  readonly timeoutMs?: number;
  readonly maxMessageBytes?: number;
  /** Where it leads, for errors: `host-a`. */
  readonly where?: string;
}

/** What the server says without being asked: `update`, `locked`, `stolen`. */
export interface Notification {
  readonly method: string;
  readonly params: readonly Json[];
}

interface PendingCall {
  readonly method: string;
  readonly resolve: (result: Json) => void;
  readonly reject: (error: OvsdbError) => void;
  readonly timer: NodeJS.Timeout;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * A JSON-RPC session with an OVSDB server (RFC 7047 §4). It does not come back by itself when it breaks: locks and
 * monitors end with the session, so whoever holds them has to decide.
 */
export class Connection {
  readonly #stream: Duplex;
  readonly #splitter: JsonSplitter;
  readonly #timeoutMs: number;
  readonly #where: string | undefined;
  readonly #pending = new Map<number, PendingCall>();
  readonly #listeners = new Set<(notification: Notification) => void>();
  #nextId = 1;
  #failure: OvsdbError | null = null;
  #tellClosed: (failure: OvsdbError) => void = () => undefined;
  /** Resolves with the reason when the session is over, for whatever reason. */
  readonly closed: Promise<OvsdbError> = new Promise((resolve) => {
    this.#tellClosed = resolve;
  });

  private constructor(stream: Duplex, options: ConnectionOptions) {
    this.#stream = stream;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#where = options.where;
    this.#splitter = new JsonSplitter(options.maxMessageBytes ?? MAX_MESSAGE_BYTES);
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('error', (cause) => this.#end(`the connection to the database broke: ${cause.message}`, cause));
    stream.on('end', () => this.#end(this.#endReason()));
    stream.on('close', () => this.#end(this.#endReason()));
  }

  /** `connect` gives a stream that is ready to be written to. Throws OvsdbError where it fails. */
  static async open(connect: () => Promise<Duplex>, options: ConnectionOptions = {}): Promise<Connection> {
    try {
      return new Connection(await connect(), options);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const hint =
        'Does ovsdb-server run there (`systemctl start openvswitch-switch`; of a lab `vxmig lab up FILE`), and ' +
        'does sshd forward sockets ' +
        '(`AllowStreamLocalForwarding` in /etc/ssh/sshd_config)?';
      throw new OvsdbError(`the database cannot be reached: ${why}`, { hint, cause, ...place(options.where) });
    }
  }

  get isOpen(): boolean {
    return this.#failure === null;
  }

  /** Calls a method and waits for its result. Throws OvsdbError on refusal, silence, or the session's end. */
  call(method: string, params: readonly Json[], timeoutMs: number = this.#timeoutMs): Promise<Json> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new OvsdbError(`the database did not answer "${method}" within ${timeoutMs} ms`, place(this.#where)));
      }, timeoutMs);
      this.#pending.set(id, { method, resolve, reject, timer });
      this.#write({ method, params, id });
    });
  }

  /** Until the function that it returns is called. */
  subscribe(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the session; what is still waiting fails. */
  close(): void {
    this.#end('the connection to the database was closed');
  }

  #write(message: Json): void {
    this.#stream.write(JSON.stringify(message));
  }

  #read(chunk: Buffer): void {
    if (this.#failure !== null) return;
    try {
      for (const message of this.#splitter.push(chunk)) this.#receive(message);
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      this.#end(error.message, error.cause);
    }
  }

  #receive(message: Json): void {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      throw new OvsdbError('the database server sent a message that is no JSON-RPC');
    }
    const { method, params, id, result, error } = message as Readonly<Record<string, Json>>;
    if (typeof method === 'string') {
      const list: readonly Json[] = Array.isArray(params) ? params : [];
      // The server asks whether we live, and hangs up where nobody answers (RFC 7047 §4.1.11).
      if (method === 'echo') this.#write({ id: id ?? null, result: list, error: null });
      else for (const listener of [...this.#listeners]) listener({ method, params: list });
      return;
    }
    // An answer that came after its time has no call any more.
    const call = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (call === undefined || typeof id !== 'number') return;
    this.#pending.delete(id);
    clearTimeout(call.timer);
    if (error === null || error === undefined) call.resolve(result ?? null);
    else call.reject(refusal(call.method, error, this.#where));
  }

  #endReason(): string {
    return this.#splitter.isInside
      ? 'the database server hung up in the middle of a message'
      : 'the database server closed the connection';
  }

  #end(message: string, cause?: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = new OvsdbError(message, { ...(cause === undefined ? {} : { cause }), ...place(this.#where) });
    for (const call of this.#pending.values()) {
      clearTimeout(call.timer);
      call.reject(this.#failure);
    }
    this.#pending.clear();
    this.#listeners.clear();
    this.#stream.destroy();
    this.#tellClosed(this.#failure);
  }
}

function refusal(method: string, error: Json, where: string | undefined): OvsdbError {
  const fields = typeof error === 'object' && error !== null && !Array.isArray(error) ? error : {};
  const { error: word, details } = fields as Readonly<Record<string, Json>>;
  const what = [word, details].filter((part) => typeof part === 'string').join(': ') || JSON.stringify(error);
  const said = what.length > 1000 ? `${what.slice(0, 1000)}…` : what;
  return new OvsdbError(`the database refused "${method}": ${said}`, {
    ...(typeof word === 'string' ? { error: word } : {}),
    ...place(where),
  });
}

function place(where: string | undefined): { where?: string } {
  return where === undefined ? {} : { where };
}
