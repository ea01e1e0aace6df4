import type { Path } from './complaint.js';
import type { Storage } from './file.js';

export interface DraftStorage {
  readonly name: string;
  readonly path: Path;
  readonly kind: string | undefined;
  readonly client: string | undefined;
  readonly options: string | undefined;
  /** What is written there, refused or not. */
  readonly keys: readonly string[];
}

/** With holes where the schema has refused something. */
type Holed<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** As Draft: undefined is what the schema has refused. */
export function draftStorage([name, storage]: readonly [string, Holed<Storage> | undefined]): DraftStorage {
  return {
    name,
    path: ['storage', name],
    kind: storage?.kind,
    client: storage?.client,
    options: storage?.options,
    keys: Object.keys(storage ?? {}),
  };
}
