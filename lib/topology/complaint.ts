/** The way from the top of the file to a value: keys, and places in lists from 0. */
export type Path = readonly (string | number)[];

/** A mistake, by the path of the value (or of its key) at fault; lines and columns come later. */
export interface Complaint {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly fix: string;
}

export function aboutValue(path: Path, message: string, fix: string): Complaint {
  return { path, at: 'value', message, fix };
}

export function aboutKey(path: Path, message: string, fix: string): Complaint {
  return { path, at: 'key', message, fix };
}
