import type { Change } from './change.js';

/** What `watch` says, one after the other; times are ISO 8601 in UTC. */
export type WatchEvent = { readonly at: string; readonly host: string } & WatchNews;

export type WatchNews =
  | { readonly event: 'watching'; readonly observationMs: number; readonly drifts: number; readonly again: boolean }
  /** It differs from the file now, or differs otherwise than before. */
  | ({ readonly event: 'drift' } & Drift)
  /** It is as the file says again, whoever has seen to it. */
  | ({ readonly event: 'gone' } & Drift)
  | ({ readonly event: 'repaired' } & Drift)
  | { readonly event: 'repair-failed'; readonly why: string }
  /** The host cannot be judged as it is: somebody else's thing is in the way, a VM runs twice… */
  | { readonly event: 'trouble'; readonly why: string }
  | { readonly event: 'busy'; readonly why: string }
  | { readonly event: 'lost'; readonly why: string; readonly retryInMs: number };

export type Drift = Omit<Change, 'host'>;
