import type { Emit } from '../model/event.js';
import type { RunEvent } from '../model/run-record.js';

/** What happened in a run, kept with it; warnings are told at once as well. */
export class Journal {
  readonly #events: RunEvent[] = [];

  constructor(
    private readonly vm: string,
    readonly emit: Emit,
  ) {}

  /** @param host null: the controller itself; @param atMs by the controller's clock */
  note(host: string | null, atMs: number, text: string): void {
    this.#events.push({ atMs, host, text });
  }

  warn(text: string): void {
    this.note(null, Date.now(), text);
    this.emit({ kind: 'warning', text: `${this.vm}: ${text}` });
  }

  stageBegan(stage: string): void {
    this.note(null, Date.now(), `${stage}: begins`);
    this.emit({ kind: 'stage-started', vm: this.vm, stage });
  }

  /** @param error what it failed with; null: it is done */
  stageEnded(stage: string, durationMs: number, error: string | null): void {
    this.note(null, Date.now(), error === null ? `${stage}: done` : `${stage}: failed: ${error}`);
    this.emit({ kind: 'stage-finished', vm: this.vm, stage, durationMs, error });
  }

  /** In order. */
  get events(): readonly RunEvent[] {
    return [...this.#events].sort((a, b) => a.atMs - b.atMs);
  }
}
