import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Conversation, HostShell, RunOptions, RunResult } from '../../../lib/host/connection.js';
import { shellLine } from '../../../lib/model/quote.js';

/** A program that was run: its name, its arguments, and what it read. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly stdin: string;
}

/** Reads its input only where it is a file or a pipe of its own: a shell's script must not be taken from it. */
const RECORDER = `#!/bin/sh
input=
case "$* " in *" - "*|*" /dev/stdin "*) input=$(cat; echo .) ;; esac
printf '%s\\0' "$#" "\${0##*/}" "$@" "$input" >>"$VXMIG_RECORD"
`;

/**
 * Hands command lines to a real shell, as sshd does, on a machine where the named programs only write down how they
 * were run.
 */
export class RecordingShell {
  readonly #record: string;

  constructor(
    private readonly directory: string,
    programs: readonly string[],
  ) {
    this.#record = `${directory}/record`;
    mkdirSync(`${directory}/bin`);
    for (const program of programs) {
      writeFileSync(`${directory}/bin/${program}`, RECORDER);
      chmodSync(`${directory}/bin/${program}`, 0o755);
    }
  }

  /** What has run since the last time. */
  taken(): Invocation[] {
    if (!existsSync(this.#record)) return [];
    const words = readFileSync(this.#record, 'utf8').split('\0').slice(0, -1);
    rmSync(this.#record);
    const invocations: Invocation[] = [];
    while (words.length > 0) {
      const count = Number(words.shift());
      const argv = words.splice(0, count + 1);
      invocations.push({ argv, stdin: (words.shift() ?? '').replace(/\.$/, '') });
    }
    return invocations;
  }

  get shell(): HostShell {
    const run = async (argv: readonly string[], options: RunOptions = {}) => await this.#run(argv, options);
    const converse = async (argv: readonly string[]) => this.#converse(argv);
    return { name: 'here', run, converse } as Partial<HostShell> as HostShell;
  }

  async #run(argv: readonly string[], { stdin = '' }: RunOptions): Promise<RunResult> {
    const child = this.#spawn(argv);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.stdin.end(stdin);
    const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
    return { stdout, stderr, exitCode };
  }

  #converse(argv: readonly string[]): Conversation {
    const child = this.#spawn(argv);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    const ended = new Promise<{ exitCode: number | null; stderr: string }>((resolve) =>
      child.on('close', (exitCode) => resolve({ exitCode, stderr })),
    );
    const conversation = Object.assign(new EventEmitter<{ text: [string] }>(), {
      ended,
      say: (text: string) => {
        child.stdin.write(text);
      },
      end: async () => {
        child.stdin.end();
        await ended;
      },
    });
    child.stdout.on('data', (chunk) => conversation.emit('text', String(chunk)));
    return conversation;
  }

  #spawn(argv: readonly string[]) {
    const PATH = `${this.directory}/bin:${process.env.PATH}`;
    const child = spawn('sh', ['-c', shellLine(argv)], {
      env: { PATH, VXMIG_RECORD: this.#record },
      cwd: this.directory,
    });
    child.stdin.on('error', () => {});
    return child;
  }
}
