import { Duplex } from 'node:stream';
import { type Json, JsonSplitter } from '../../../lib/ovsdb/wire.js';

const SOCKET = '/var/run/openvswitch/db.sock';

interface Operation {
  readonly op: string;
  readonly table?: string;
  readonly mutations?: readonly (readonly [column: string, mutator: string, value: readonly [string, Json[]]])[];
}

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: readonly Json[];
}

/**
 * The database server of one host as far as locks go (RFC 7047 §4.1.8), with the row in which their holders write who
 * they are. All other tables are empty.
 */
export class MemoryOvsdb {
  /** The `external_ids` of the one row of Open_vSwitch. */
  readonly externalIds = new Map<string, string>();
  /** How often somebody has asked for the lock. */
  lockRequests = 0;
  /** Whoever has the lock is the first, the others wait. */
  #queue: Session[] = [];
  readonly #sessions = new Set<Session>();

  /** For a shell: where it finds this server. */
  get socket(): [path: string, connect: () => Duplex] {
    return [SOCKET, () => this.#connect()];
  }

  get isLocked(): boolean {
    return this.#queue.length > 0;
  }

  get connections(): number {
    return this.#sessions.size;
  }

  /** All connections end, as when the host is gone. */
  hangUp(): void {
    for (const session of [...this.#sessions]) session.stream.destroy();
  }

  /** Something changes that monitors look at. */
  stir(): void {
    for (const session of this.#sessions)
      for (const id of session.monitors)
        session.tell('update', [id, { Bridge: { 'uuid-1': { new: { name: 'br-new' } } } }]);
  }

  #connect(): Duplex {
    const session: Session = new Session(
      (request) => this.#answer(session, request),
      () => {
        this.#sessions.delete(session);
        this.#leave(session);
      },
    );
    this.#sessions.add(session);
    return session.stream;
  }

  #answer(session: Session, { method, params }: Request): Json {
    if (method === 'lock') {
      this.lockRequests += 1;
      this.#queue.push(session);
      return { locked: this.#queue[0] === session };
    }
    if (method === 'steal') {
      const [holder] = this.#queue;
      this.#queue.unshift(session);
      holder?.tell('stolen', params);
      return { locked: true };
    }
    if (method === 'unlock') {
      this.#leave(session);
      return {};
    }
    if (method === 'monitor') {
      session.monitors.push(String(params[1]));
      return {};
    }
    if (method === 'transact') return this.#transact(session, params.slice(1) as unknown as readonly Operation[]);
    throw new Error(`not in the model: ${method}`);
  }

  /** Who comes next is told. */
  #leave(session: Session): void {
    const before = this.#queue[0];
    const at = this.#queue.indexOf(session);
    if (at >= 0) this.#queue.splice(at, 1);
    const [now] = this.#queue;
    if (now !== undefined && now !== before) now.tell('locked', ['vxmig']);
  }

  /** As a whole, or not at all. */
  #transact(session: Session, operations: readonly Operation[]): Json {
    const asserts = operations.findIndex(({ op }) => op === 'assert');
    if (asserts >= 0 && this.#queue[0] !== session)
      return operations.map((_, index) => (index === asserts ? { error: 'not owner' } : index < asserts ? {} : null));
    return operations.map(({ op, table, mutations = [] }) => {
      if (op === 'select') return { rows: table === 'Open_vSwitch' ? [this.#row()] : [] };
      for (const [, mutator, [, content]] of mutations) {
        for (const one of content) {
          if (mutator === 'delete') this.externalIds.delete(String(one));
          else if (Array.isArray(one)) this.externalIds.set(String(one[0]), String(one[1]));
        }
      }
      return mutations.length > 0 ? { count: 1 } : {};
    });
  }

  #row(): Json {
    return {
      _uuid: ['uuid', 'uuid-0'],
      external_ids: ['map', [...this.externalIds].map(([key, value]) => [key, value])],
    };
  }
}

class Session {
  readonly monitors: string[] = [];
  readonly stream: Duplex;

  constructor(answer: (request: Request) => Json, ended: () => void) {
    const splitter = new JsonSplitter();
    this.stream = new Duplex({
      read: () => undefined,
      destroy: (error, done) => {
        ended();
        done(error);
      },
      write: (chunk: Buffer, _, done) => {
        for (const message of splitter.push(chunk)) {
          const request = message as unknown as Request;
          this.#send({ id: request.id, result: answer(request), error: null });
        }
        done();
      },
    });
  }

  tell(method: string, params: readonly Json[]): void {
    this.#send({ id: null, method, params });
  }

  #send(message: Json): void {
    if (!this.stream.destroyed) this.stream.push(JSON.stringify(message));
  }
}
