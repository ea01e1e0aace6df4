import { type ErrorCode, VxmigError } from './errors.js';
import { formatProblem, type Problem } from './problem.js';

/** Everything that is wrong in what a user wrote, in one file or in files that belong together. */
export class MistakesError extends VxmigError {
  constructor(
    code: ErrorCode,
    readonly problems: readonly Problem[],
  ) {
    const first = problems[0];
    super(code, problems.map(formatProblem).join('\n'), {
      ...(first === undefined ? {} : { where: `${first.file}:${first.line}:${first.column}` }),
    });
    this.name = 'MistakesError';
  }
}
