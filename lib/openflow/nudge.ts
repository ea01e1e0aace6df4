import type { Duplex } from 'node:stream';

/** OpenFlow 1.5's wire version, and the message types used here (OpenFlow 1.5.1 §7.1). */
const VERSION = 0x06;
const TYPE = { hello: 0, echoRequest: 2, echoReply: 3, flowMod: 14, barrierRequest: 20, barrierReply: 21 } as const;
const HEADER_BYTES = 8;
/** A table that nobody uses: the one below OVS's hidden 254. */
const EMPTY_TABLE = 253;

/**
 * Makes a switch report at once what its flow monitors still hold back. Flows that learn() installs are reported only
 * when the main loop flushes, which happens within 500 ms by itself, and at once after any flow-mod: so this removes
 * a flow that does not exist, over a connection that stays open to `BRIDGE.mgmt`.
 */
export class Nudger {
  #pending: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #rest = Buffer.alloc(0);
  #failure: Error | null = null;

  /**
   * `stream` is connected to the bridge's management socket (`/var/run/openvswitch/BRIDGE.mgmt`); it is ours from now
   * on.
   */
  constructor(readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('error', (error) => this.#fail(error));
    stream.on('close', () => this.#fail(new Error('the bridge closed its management connection')));
    stream.write(message(TYPE.hello, 0));
  }

  /** Resolves when the switch has worked through it; rejects when the connection is gone. */
  nudge(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.stream.write(Buffer.concat([removeNothing(), message(TYPE.barrierRequest, 1)]));
    });
  }

  close(): void {
    this.stream.destroy();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER_BYTES) {
      const length = Math.max(this.#rest.readUInt16BE(2), HEADER_BYTES);
      if (this.#rest.length < length) return;
      const type = this.#rest[1];
      if (type === TYPE.barrierReply) this.#pending.shift()?.resolve();
      if (type === TYPE.echoRequest) {
        this.stream.write(
          message(TYPE.echoReply, this.#rest.readUInt32BE(4), this.#rest.subarray(HEADER_BYTES, length)),
        );
      }
      this.#rest = this.#rest.subarray(length);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.splice(0)) reject(this.#failure);
  }
}

function message(type: number, xid: number, body: Uint8Array = new Uint8Array()): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(VERSION, 0);
  header.writeUInt8(type, 1);
  header.writeUInt16BE(HEADER_BYTES + body.length, 2);
  header.writeUInt32BE(xid, 4);
  return Buffer.concat([header, body]);
}

/** A strict removal of an entry that is not there: OFPT_FLOW_MOD (OpenFlow 1.5.1 §7.3.4.2). */
function removeNothing(): Buffer {
  const deleteStrict = 4;
  const any = 0xffffffff;
  const body = Buffer.alloc(48);
  body.writeUInt8(EMPTY_TABLE, 16);
  body.writeUInt8(deleteStrict, 17);
  body.writeUInt16BE(1, 22);
  for (const offset of [24, 28, 32]) body.writeUInt32BE(any, offset);
  body.writeUInt16BE(1, 40);
  body.writeUInt16BE(4, 42);
  return message(TYPE.flowMod, 0, body);
}
