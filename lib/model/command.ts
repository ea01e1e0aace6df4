/** A command on the host, with what it reads from standard input. Rendered as it stands by `plan --as-shell`. */
export interface Command {
  readonly argv: readonly string[];
  readonly stdin?: string;
}
