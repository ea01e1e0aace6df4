import { EventEmitter } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { CommandError, VxmigError } from '../model/errors.js';
import type { SshSettings } from '../model/topology.js';
import { endOf } from './channel-end.js';
import { diallingOf } from './dial.js';
import { type Channels, SshClients } from './ssh-clients.js';

export interface RunOptions {
  readonly stdin?: string;
  /**
   * In its place: what is too much to be held; opened when the command is there, for until then nobody reads it. Where
   * it cannot be read to its end the command is killed.
   */
  readonly input?: () => Readable;
  /** Kills the command and fails after this time. Default 60 s. */
  readonly timeoutMs?: number;
  /** Kills the command and fails when it has printed more. Default 32 MiB. */
  readonly limitBytes?: number;
  /** Exit statuses that are not an error. Default: only 0. */
  readonly accept?: readonly number[];
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A command that goes on while others run: its lines as they come, and its end. */
export interface RunningCommand extends EventEmitter<{ line: [string]; errorLine: [string] }> {
  /** Sends the command the signal that `follow` was given, and resolves when it has ended. */
  stop(): Promise<void>;
  readonly ended: Promise<{ exitCode: number | null; stderr: string }>;
}

/** A command that reads what is said to it and answers. */
export interface Conversation extends EventEmitter<{ text: [string] }> {
  say(text: string): void;
  /** Ends its input, and resolves when it has ended. */
  end(): Promise<void>;
  readonly ended: Promise<{ exitCode: number | null; stderr: string }>;
}

/** What an adapter needs of a host: run, follow, talk to, and reach a unix socket. */
export interface HostShell {
  readonly name: string;
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /**
   * `stopSignal` without SIG; the command also gets it when the connection is lost, so that nothing is left running.
   */
  follow(argv: readonly string[], stopSignal: 'INT' | 'TERM'): Promise<RunningCommand>;
  /** Starts a command that is talked to; it gets the end of its input when we end it, or are gone. */
  converse(argv: readonly string[]): Promise<Conversation>;
  openSocket(path: string): Promise<Duplex>;
  close(): void;
}

/**
 * sshd passes no signals on to what root runs (it needs privilege separation for that), so a command that goes on is
 * started by a shell that ends it when its own input ends: when we close it, and when the connection or we are gone.
 */
const FOLLOW = `sig=$1; shift; exec 3<&0
"$@" 3<&- </dev/null & child=$!
{ while read -r _; do :; done <&3; kill -s "$sig" "$child"; } >/dev/null 2>&1 & watcher=$!
wait "$child"; status=$?
kill "$watcher" 2>/dev/null
exit "$status"`;

const OUTPUT_LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * One host over SSH, as one user of its connections has it: what was begun by him ends when he closes it, whoever else
 * uses the same connections.
 */
export class HostConnection implements HostShell {
  readonly #open = new Set<Duplex>();
  #closed = false;

  /** @param release the connections are not needed by this user any more */
  constructor(
    readonly name: string,
    private readonly channels: Channels,
    private readonly release: () => void,
  ) {}

  /** With connections of its own, which nobody shares. @throws VxmigError SSH_CONNECT, SSH_HOST_KEY */
  static async open(name: string, settings: SshSettings): Promise<HostConnection> {
    const clients = await SshClients.dial(await diallingOf(name, settings));
    return new HostConnection(name, clients, () => clients.close());
  }

  async #session(argv: readonly string[]): Promise<ClientChannel> {
    this.#requireOpen();
    return this.#kept(await this.channels.exec(argv));
  }

  /** It is closed with us, also where it has opened too late. */
  #kept<Channel extends Duplex>(channel: Channel): Channel {
    if (this.#closed) channel.destroy();
    this.#requireOpen();
    this.#open.add(channel);
    channel.once('close', () => this.#open.delete(channel));
    return channel;
  }

  #requireOpen(): void {
    if (this.#closed)
      throw new VxmigError('SSH_CONNECT', `the connection to ${this.name} is closed`, { where: this.name });
  }

  /** @throws CommandError where the status is not accepted; VxmigError SSH_CONNECT where the connection breaks */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const channel = await this.#session(argv);
    const { timeoutMs = 60_000, limitBytes = OUTPUT_LIMIT_BYTES } = options;
    return await new Promise<RunResult>((resolve, reject) => {
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let size = 0;
      const fail = (why: string) => {
        clearTimeout(timer);
        channel.close();
        reject(new CommandError(this.name, argv, null, why));
      };
      const timer = setTimeout(() => fail(`no end within ${timeoutMs} ms`), timeoutMs);
      const collect = (list: Buffer[]) => (chunk: Buffer) => {
        // What is on its way is still to come, and is not kept.
        if (size > limitBytes) return;
        size += chunk.length;
        if (size > limitBytes) fail(`it printed more than ${limitBytes} bytes`);
        else list.push(chunk);
      };
      channel.on('data', collect(stdout));
      channel.stderr.on('data', collect(stderr));
      // 'exit' of a short command can come before anybody listens: in the packet that opened the session. 'close'
      // repeats what it said.
      channel.on('close', (exit?: number | null) => {
        clearTimeout(timer);
        const errors = Buffer.concat(stderr).toString();
        if (exit === undefined) {
          reject(
            new VxmigError('SSH_CONNECT', `the connection to ${this.name} broke while it ran: ${argv.join(' ')}`, {
              where: this.name,
            }),
          );
        } else if (exit === null || !(options.accept ?? [0]).includes(exit)) {
          reject(new CommandError(this.name, argv, exit, errors));
        } else {
          resolve({ stdout: Buffer.concat(stdout).toString(), stderr: errors, exitCode: exit });
        }
      });
      if (options.input === undefined) channel.end(options.stdin ?? '');
      else
        options
          .input()
          .once('error', (error) => fail(error.message))
          .pipe(channel);
    });
  }

  async follow(argv: readonly string[], stopSignal: 'INT' | 'TERM'): Promise<RunningCommand> {
    const channel = await this.#session(['sh', '-c', FOLLOW, 'sh', stopSignal, ...argv]);
    let stderr = '';
    const { ended, end } = endOf(channel, () => stderr);
    const running = Object.assign(new EventEmitter<{ line: [string]; errorLine: [string] }>(), {
      ended,
      stop: end,
    });
    eachLine(channel, (line) => running.emit('line', line));
    eachLine(channel.stderr, (line) => {
      stderr = `${stderr}${line}\n`.slice(-8192);
      running.emit('errorLine', line);
    });
    return running;
  }

  async converse(argv: readonly string[]): Promise<Conversation> {
    const channel = await this.#session(argv);
    let stderr = '';
    const { ended, end } = endOf(channel, () => stderr);
    const conversation = Object.assign(new EventEmitter<{ text: [string] }>(), {
      ended,
      say: (text: string) => {
        channel.write(text);
      },
      end,
    });
    channel.on('data', (chunk: Buffer) => conversation.emit('text', chunk.toString()));
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk.toString()}`.slice(-8192);
    });
    return conversation;
  }

  /** The far end of a unix socket on the host. @throws VxmigError SSH_CONNECT */
  async openSocket(path: string): Promise<Duplex> {
    this.#requireOpen();
    return this.#kept(await this.channels.openSocket(path));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const channel of [...this.#open]) channel.destroy();
    this.release();
  }
}

function eachLine(stream: NodeJS.ReadableStream, emit: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = (lines.pop() ?? '').slice(-65_536);
    for (const line of lines) emit(line);
  });
  stream.on('end', () => {
    if (rest !== '') emit(rest);
  });
}
