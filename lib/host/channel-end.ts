import type { ClientChannel } from 'ssh2';

export interface CommandEnd {
  readonly exitCode: number | null;
  readonly stderr: string;
}

/**
 * Longer than the longest that a command of ours stays when its input has ended: the guard of a redirect, two minutes.
 */
const END_TIMEOUT_MS = 150_000;

/** When a command has ended; `end` ends its input and waits for that, but not for a host that never says so. */
export function endOf(
  channel: Pick<ClientChannel, 'on' | 'end' | 'close'>,
  stderr: () => string,
  timeoutMs: number = END_TIMEOUT_MS,
): { readonly ended: Promise<CommandEnd>; readonly end: () => Promise<void> } {
  let tell: (end: CommandEnd) => void = () => {};
  const ended = new Promise<CommandEnd>((resolve) => {
    tell = resolve;
  });
  channel.on('close', (exit?: number | null) => tell({ exitCode: exit ?? null, stderr: stderr() }));
  const end = async () => {
    channel.end();
    const timer = setTimeout(() => {
      channel.close();
      tell({ exitCode: null, stderr: stderr() });
    }, timeoutMs);
    await ended;
    clearTimeout(timer);
  };
  return { ended, end };
}
