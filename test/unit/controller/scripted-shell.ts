import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Conversation, HostShell, RunningCommand, RunOptions, RunResult } from '../../../lib/host/connection.js';
import { CommandError, VxmigError } from '../../../lib/model/errors.js';

/** What a command prints, or else how it ends. */
export type Answer = string | Partial<RunResult> | Error;
/** @param line the words of the command and, after ` <<< `, what it reads */
export type Answering = Answer | ((line: string) => Answer | Promise<Answer>);
/** What is said in return, or its pieces; `''` is what it is told at its beginning. */
export type Talk = (said: string, line: string) => string | readonly string[];

/** A host whose answers are written down; whatever else it is asked is a failure of the test. */
export class ScriptedShell implements HostShell {
  /** Command lines, in the order in which they were run. */
  readonly asked: string[] = [];
  /** Commands that go on, by their lines. */
  readonly followed = new Map<string, FollowedCommand>();
  /** Sockets that can be connected to. */
  readonly sockets = new Map<string, () => Duplex>();
  isClosed = false;
  readonly #answers: { readonly pattern: RegExp; readonly answer: Answering }[] = [];
  readonly #ends: (() => Promise<void>)[] = [];
  readonly #talks: { readonly pattern: RegExp; readonly talk: Talk }[] = [];

  constructor(readonly name: string) {}

  /** The answer to command lines like that; what was written down last counts. */
  on(pattern: RegExp, answer: Answering = ''): this {
    this.#answers.unshift({ pattern, answer });
    return this;
  }

  /** The same for commands that are talked to. */
  onTalk(pattern: RegExp, talk: Talk): this {
    this.#talks.unshift({ pattern, talk });
    return this;
  }

  /** The lines that match, of all that were run. */
  ran(pattern: RegExp): string[] {
    return this.asked.filter((line) => pattern.test(line));
  }

  async run(argv: readonly string[], { stdin = '', accept = [0] }: RunOptions = {}): Promise<RunResult> {
    const line = [argv.join(' '), ...(stdin === '' ? [] : [stdin])].join(' <<< ');
    this.asked.push(line);
    const found = this.#answers.find(({ pattern }) => pattern.test(line));
    if (found === undefined) throw new Error(`not in the script of ${this.name}: ${line}`);
    const answer = typeof found.answer === 'function' ? await found.answer(line) : found.answer;
    if (answer instanceof Error) throw answer;
    const given = typeof answer === 'string' ? { stdout: answer } : answer;
    const result = { stdout: '', stderr: '', exitCode: 0, ...given };
    if (!accept.includes(result.exitCode)) throw new CommandError(this.name, argv, result.exitCode, result.stderr);
    return result;
  }

  async converse(argv: readonly string[]): Promise<Conversation> {
    const line = argv.join(' ');
    this.asked.push(line);
    const talk = this.#talks.find(({ pattern }) => pattern.test(line))?.talk;
    if (talk === undefined) throw new Error(`not in the script of ${this.name}: ${line}`);
    const { ended, end } = ending();
    const conversation = Object.assign(new EventEmitter<{ text: [string] }>(), {
      ended,
      end,
      say: (text: string) => {
        const pieces = [talk(text, line)].flat().filter((piece) => piece !== '');
        // One after the other: who has heard the first listens for the next.
        const tell = () => {
          const piece = pieces.shift();
          if (piece === undefined) return;
          conversation.emit('text', piece);
          setImmediate(tell);
        };
        setImmediate(tell);
      },
    });
    this.#ends.push(end);
    conversation.say('');
    return conversation;
  }

  /** Whatever it was told to talk with ends. */
  async hangUp(): Promise<void> {
    for (const end of this.#ends) await end();
  }

  async follow(argv: readonly string[]): Promise<RunningCommand> {
    const command = new FollowedCommand();
    this.followed.set(argv.join(' '), command);
    return command;
  }

  async openSocket(path: string): Promise<Duplex> {
    const connect = this.sockets.get(path);
    if (connect === undefined) throw new VxmigError('SSH_CONNECT', `no socket ${path}`, { where: this.name });
    return connect();
  }

  close(): void {
    this.isClosed = true;
  }
}

/** A command that goes on until it is stopped; a test lets it print. */
export class FollowedCommand extends EventEmitter<{ line: [string]; errorLine: [string] }> implements RunningCommand {
  isStopped = false;
  readonly #ending = ending();
  readonly ended = this.#ending.ended;

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.#ending.end();
  }
}

function ending() {
  let tell: (end: { exitCode: number; stderr: string }) => void = () => undefined;
  const ended = new Promise<{ exitCode: number; stderr: string }>((resolve) => {
    tell = resolve;
  });
  return { ended, end: async () => tell({ exitCode: 0, stderr: '' }) };
}
