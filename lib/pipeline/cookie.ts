/**
 * Whose a flow is and what it is for, in its cookie: 16 bits of owner, 16 of category, 32 unused. In a bridge that is
 * ours everything else is drift, but for what the pipeline itself has learned.
 */
const OWNER = 0x7678n;

export const CATEGORIES = {
  base: 1n,
  local: 2n,
  tunnel: 3n,
  flood: 4n,
  redirect: 5n,
  learned: 0xffn,
} as const;

export type Category = keyof typeof CATEGORIES;

export function cookieOf(category: Category): bigint {
  return (OWNER << 48n) | (CATEGORIES[category] << 32n);
}

/** A flow that comes and goes by itself: learned from a frame, or a redirect that somebody renews. */
export function isTransient(flow: { readonly cookie: bigint }): boolean {
  return flow.cookie === cookieOf('learned') || flow.cookie === cookieOf('redirect');
}
