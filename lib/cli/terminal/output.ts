import { styleText } from 'node:util';
import { messageOf, VxmigError } from '../../model/errors.js';
import { formatProblem, type Problem } from '../../model/problem.js';
import { type Style, styleFor } from '../../report/style.js';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly verbose?: boolean;
}

/** stdout: people's output, or with --json exactly one document. */
export class Output {
  #document: unknown;

  constructor(readonly options: OutputOptions) {}

  get style(): Style {
    const style = styleFor(process.stdout, process.env);
    return { ...style, colour: style.colour && this.options.colour, verbose: this.options.verbose ?? false };
  }

  /** The command's result: `text` for people, `document` with --json. */
  result(document: unknown, text: string): void {
    if (this.options.json) this.#document = document;
    else if (text !== '') process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** One of many results, at once: a line of text, or with --json a document on a line of its own. */
  line(document: unknown, text: string): void {
    process.stdout.write(`${this.options.json ? JSON.stringify(document) : text}\n`);
  }

  /** On failure: what went wrong and how to mend it, on stderr, and as the document with --json. */
  failure(error: unknown): void {
    if (this.options.json) {
      // A result that was already given (failed checks, a rolled-back migration) says more than the error alone.
      this.#document = Object.assign({ ok: false, error: errorDocument(error) }, this.#document, { ok: false });
    } else {
      process.stderr.write(`${this.#errorText(error)}\n`);
    }
  }

  flush(): void {
    if (this.#document !== undefined) process.stdout.write(`${JSON.stringify(this.#document, null, 2)}\n`);
  }

  #errorText(error: unknown): string {
    const problems = problemsOf(error);
    if (problems.length > 0) return problems.map(formatProblem).join('\n');
    const red = (text: string) =>
      this.options.colour && process.stderr.isTTY === true ? styleText('red', text) : text;
    if (!(error instanceof VxmigError)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return `${red('bug:')} ${stack}`;
    }
    return `${red(`error (${error.code}):`)} ${error.message}\n  mend: ${error.hint}`;
  }
}

function errorDocument(error: unknown): {
  code: string;
  message: string;
  hint: string;
  where: string;
  problems?: Problem[];
} {
  const problems = problemsOf(error);
  const code = error instanceof VxmigError ? error.code : 'BUG';
  return {
    code,
    message: messageOf(error),
    hint: error instanceof VxmigError ? error.hint : 'This is a bug in vxmig; please report it with the log.',
    where: error instanceof VxmigError ? (error.where ?? '') : '',
    ...(problems.length === 0 ? {} : { problems }),
  };
}

/** The single mistakes of a file, where the error is about a file. */
function problemsOf(error: unknown): Problem[] {
  const problems = error instanceof VxmigError ? (error as { problems?: unknown }).problems : undefined;
  return Array.isArray(problems) ? (problems as Problem[]) : [];
}
