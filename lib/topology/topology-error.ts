import { VxmigError } from '../model/errors.js';
import { formatProblem, type Problem } from '../model/problem.js';

/** Everything that is wrong in one topology file. */
export class TopologyError extends VxmigError {
  constructor(
    readonly problems: readonly Problem[],
    /** The file's text, for showing the lines at fault. */
    readonly source: string,
  ) {
    const first = problems[0];
    super('TOPOLOGY_INVALID', problems.map(formatProblem).join('\n'), {
      ...(first === undefined ? {} : { where: `${first.file}:${first.line}:${first.column}` }),
    });
    this.name = 'TopologyError';
  }
}
