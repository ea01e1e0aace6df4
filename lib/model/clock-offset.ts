/** A host's clock minus the controller's, and how far that can be off. */
export interface ClockOffset {
  readonly offsetMs: number;
  readonly errorMs: number;
}
