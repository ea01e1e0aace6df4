/** Up to what a migration may go whatever its guest writes; docs/strategies.md says how it is kept. */
export interface Bound {
  /** Of memory on the wire: so many times what the hypervisor has of it, or a size. */
  readonly bytes:
    | { readonly kind: 'times'; readonly times: number }
    | { readonly kind: 'size'; readonly bytes: number };
  /** From the first byte of memory until the guest runs there, whole. */
  readonly durationMs: number;
  /** What is done at the last moment at which it still fits: the guest stands still, or its memory is torn. */
  readonly end: 'stop' | 'post-copy';
}

/** When a guest that is copied while it runs is let go before all of its memory is there. */
export interface PostCopyAfter {
  readonly passes: number;
  /** Of copying its memory. */
  readonly durationMs: number;
}

/** What strategies can be told; each reads its own. */
export interface StrategySettings {
  readonly bound: Bound;
  readonly postCopyAfter: PostCopyAfter;
}
