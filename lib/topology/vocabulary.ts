import type { Complaint, Path } from './complaint.js';
import type { SchemaError } from './schema.js';

/** What a value should be, for "… is not NOUN", and an example of how to write it. */
export interface Shape {
  readonly noun: string;
  readonly fix: string;
}

/** The words in which a schema's errors are told to who writes that kind of file. */
export interface Vocabulary {
  /** `host host-a`, `mtu of network blue`: what people call the thing at `path`. */
  readonly describe: (path: Path) => string;
  readonly shapeAt: (path: Path) => Shape;
  /** By `COLLECTION.KEY`: where a key belongs that is unknown at its place. */
  readonly misplacedKeys: Readonly<Record<string, string>>;
  /** What to do about a list or map that is too long. */
  readonly tooMany: string;
  /** What is told otherwise than the rest; null: as the rest. */
  readonly special: (error: SchemaError, path: Path) => Complaint | null;
}
