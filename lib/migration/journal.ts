import type { Emit } from '../model/event.js';
import type { NegotiationStep } from '../model/negotiation.js';

/** What a run tells of its VM while it goes on: its file keeps of it what others should be able to read again. */
export class Journal {
  constructor(
    private readonly vm: string,
    readonly emit: Emit,
  ) {}

  /**
   * Kept, and not told to people. @param host null: the controller itself; @param atMs when, by the controller's clock
   */
  note(host: string | null, atMs: number, text: string): void {
    this.emit({ kind: 'observed', vm: this.vm, host, observedAtMs: atMs, text });
  }

  warn(text: string): void {
    this.emit({ kind: 'warning', vm: this.vm, text });
  }

  stageBegan(stage: string): void {
    this.emit({ kind: 'stage-started', vm: this.vm, stage });
  }

  /** @param error what it failed with; null: it is done */
  stageEnded(stage: string, durationMs: number, error: string | null): void {
    this.emit({ kind: 'stage-finished', vm: this.vm, stage, durationMs, error });
  }

  negotiated({ step, host, ok, why }: NegotiationStep): void {
    this.emit({ kind: 'negotiated', vm: this.vm, step, host, ok, why });
  }

  guestPaused(host: string, atMs: number): void {
    this.emit({ kind: 'guest-paused', vm: this.vm, host, observedAtMs: atMs });
  }

  guestResumed(host: string, atMs: number): void {
    this.emit({ kind: 'guest-resumed', vm: this.vm, host, observedAtMs: atMs });
  }

  /** @param place null: the host's table has forgotten the MAC */
  tableMoved(host: string, atMs: number, mac: string, place: string | null): void {
    this.emit({ kind: 'table-moved', vm: this.vm, host, observedAtMs: atMs, mac, place });
  }
}
