const closers: (() => void)[] = [];

/**
 * For what is kept open for a whole process. It is no part of what opens it, because most commands open nothing, and
 * need not load that.
 */
export function atEnd(close: () => void): void {
  closers.push(close);
}

/** Closes whatever is still open: a command that is over keeps no process waiting. */
export function endAll(): void {
  for (const close of closers) close();
}
