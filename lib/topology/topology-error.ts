import { MistakesError } from '../model/mistakes-error.js';
import type { Problem } from '../model/problem.js';

/** Everything that is wrong in one topology file. */
export class TopologyError extends MistakesError {
  constructor(
    problems: readonly Problem[],
    /** The file's text, for showing the lines at fault. */
    readonly source: string,
  ) {
    super('TOPOLOGY_INVALID', problems);
    this.name = 'TopologyError';
  }
}
