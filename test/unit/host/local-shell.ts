import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { Conversation, HostShell } from '../../../lib/host/connection.js';

/** This machine as a host that is only talked to, with programs of the test's own in front of the others. */
export class LocalShell {
  /** Nothing that is said is heard any more, as when a controller hangs. */
  muted = false;
  readonly #ends: (() => void)[] = [];

  private constructor(private readonly path: string) {}

  /** @param programs name → a script for bash */
  static async with(directory: string, programs: Readonly<Record<string, string>>): Promise<LocalShell> {
    const bin = `${directory}/bin`;
    await mkdir(bin, { recursive: true });
    for (const [name, script] of Object.entries(programs)) {
      await writeFile(`${bin}/${name}`, `#!/bin/bash\n${script}\n`);
      await chmod(`${bin}/${name}`, 0o755);
    }
    return new LocalShell(`${bin}:${process.env.PATH}`);
  }

  /** As when a controller dies. */
  hangUp(): void {
    for (const end of this.#ends) end();
  }

  get shell(): HostShell {
    const converse = async (argv: readonly string[]) => this.#converse(argv);
    return { name: 'here', converse } as Partial<HostShell> as HostShell;
  }

  #converse([program = '', ...args]: readonly string[]): Conversation {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, PATH: this.path } });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.stdin.on('error', () => {});
    const ended = new Promise<{ exitCode: number | null; stderr: string }>((resolve) =>
      child.on('close', (exitCode) => resolve({ exitCode, stderr })),
    );
    const hangUp = () => {
      child.stdin.destroy();
      child.stdout.destroy();
    };
    this.#ends.push(hangUp);
    const conversation = Object.assign(new EventEmitter<{ text: [string] }>(), {
      ended,
      say: (text: string) => {
        if (!this.muted) child.stdin.write(text);
      },
      end: async () => {
        child.stdin.end();
        await ended;
      },
    });
    child.stdout.on('data', (chunk) => conversation.emit('text', String(chunk)));
    return conversation;
  }
}
