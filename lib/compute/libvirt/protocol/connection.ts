import type { Duplex } from 'node:stream';
import { XdrReader, XdrWriter } from './xdr.js';

/** The `remote` program of libvirt's RPC (https://libvirt.org/kbase/internals/rpc.html) and its version. */
const PROGRAM = 0x20008086;
const VERSION = 1;
const HEADER_BYTES = 28;
const TYPE = { call: 0, reply: 1 } as const;
const STATUS_OK = 0;
/** libvirt's own limit of a message. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * The daemon refused a call, with libvirt's number of the error; or it does not answer as it should, and then there is
 * none.
 */
export class LibvirtError extends Error {
  constructor(
    message: string,
    readonly code: number | null = null,
  ) {
    super(message);
    this.name = 'LibvirtError';
  }
}

interface PendingCall {
  readonly resolve: (answer: XdrReader) => void;
  readonly reject: (error: LibvirtError) => void;
  readonly procedure: number;
  readonly timer: NodeJS.Timeout;
}

/** Calls over a stream to libvirt's daemon, as virsh makes them; what the daemon says unasked is passed over. */
export class LibvirtConnection {
  readonly #pending = new Map<number, PendingCall>();
  #received: Buffer = Buffer.alloc(0);
  #serial = 0;
  #over: LibvirtError | null = null;

  constructor(private readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('error', (error) => this.#end(error.message));
    stream.on('close', () => this.#end('the daemon closed the connection'));
  }

  /** @throws LibvirtError */
  async call(procedure: number, parameters = new XdrWriter()): Promise<XdrReader> {
    if (this.#over !== null) throw this.#over;
    this.#serial += 1;
    const serial = this.#serial;
    const payload = parameters.bytes();
    const header = new XdrWriter()
      .uint(HEADER_BYTES + payload.length)
      .uint(PROGRAM)
      .uint(VERSION)
      .uint(procedure)
      .uint(TYPE.call)
      .uint(serial)
      .uint(STATUS_OK);
    return await new Promise<XdrReader>((resolve, reject) => {
      const timer = setTimeout(() => this.#end(`no answer within ${ANSWER_TIMEOUT_MS} ms`), ANSWER_TIMEOUT_MS);
      this.#pending.set(serial, { resolve, reject, procedure, timer });
      this.stream.write(Buffer.concat([header.bytes(), payload]));
    });
  }

  close(): void {
    this.#end('the connection was closed');
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4 && this.#over === null) {
      const length = this.#received.readUInt32BE(0);
      if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
        this.#end(`a message of ${length} bytes`);
        return;
      }
      if (this.#received.length < length) return;
      this.#receive(this.#received.subarray(0, length));
      this.#received = this.#received.subarray(length);
    }
  }

  #receive(message: Buffer): void {
    if (message.readUInt32BE(4) !== PROGRAM || message.readUInt32BE(8) !== VERSION) return;
    const type = message.readUInt32BE(16);
    const serial = message.readUInt32BE(20);
    const call = this.#pending.get(serial);
    if (type !== TYPE.reply || call === undefined) return;
    if (message.readUInt32BE(12) !== call.procedure) {
      this.#end('an answer to what it was not asked');
      return;
    }
    this.#pending.delete(serial);
    clearTimeout(call.timer);
    const answer = new XdrReader(message.subarray(HEADER_BYTES));
    if (message.readUInt32BE(24) === STATUS_OK) call.resolve(answer);
    else call.reject(errorIn(answer));
  }

  #end(why: string): void {
    if (this.#over !== null) return;
    const error = new LibvirtError(why);
    this.#over = error;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
    this.stream.destroy();
  }
}

/** Its number, its domain, and, where there is one, its text. */
function errorIn(answer: XdrReader): LibvirtError {
  try {
    const code = answer.int();
    answer.int();
    return new LibvirtError(answer.uint() === 1 ? answer.string() : `error ${code}`, code);
  } catch {
    return new LibvirtError('an error that cannot be read');
  }
}
