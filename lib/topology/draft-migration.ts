import type { Bound, Migration, PostCopyAfter } from './file.js';

/** What the schema refused is undefined. */
type Holed<T> = { readonly [Key in keyof T]: T[Key] | undefined };

/** How a VM is to be moved, as far as the schema has not refused it. */
export interface DraftMigration {
  readonly strategy: Migration['strategy'] | undefined;
  /** Something stands there, refused or not. */
  readonly saysStrategy: boolean;
  readonly timeout: string | undefined;
  readonly bound: Holed<Bound> | undefined;
  readonly postCopyAfter: Holed<PostCopyAfter> | undefined;
}

type Written = Holed<Omit<Migration, 'bound' | 'postCopyAfter'>> &
  Partial<Pick<DraftMigration, 'bound' | 'postCopyAfter'>>;

export function draftMigration(written: Partial<Written> = {}): DraftMigration {
  const { strategy, timeout, bound, postCopyAfter } = written;
  return { strategy, saysStrategy: Object.hasOwn(written, 'strategy'), timeout, bound, postCopyAfter };
}
