/** The way from the top of the file to a value: keys, and places in lists from 0. */
export type Path = readonly (string | number)[];

/** A mistake, by the path of the value (or of its key) at fault; lines and columns come later. */
export interface Complaint {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly mend: string;
}

export function aboutValue(path: Path, message: string, mend: string): Complaint {
  return { path, at: 'value', message, mend };
}

export function aboutKey(path: Path, message: string, mend: string): Complaint {
  return { path, at: 'key', message, mend };
}
