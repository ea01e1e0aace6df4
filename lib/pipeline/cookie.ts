/**
 * Whose a flow is and what it is for, in its cookie: 16 bits of owner, 16 of category, 32 for the reason or rule that a
 * drop is counted under. In a bridge that is ours everything else is drift, but for what the pipeline itself has
 * learned.
 */
const OWNER = 0x7678n;

export const CATEGORIES = {
  base: 1n,
  local: 2n,
  tunnel: 3n,
  flood: 4n,
  redirect: 5n,
  security: 6n,
  access: 7n,
  learned: 0xffn,
} as const;

export type Category = keyof typeof CATEGORIES;

const DETAIL = 0xffffffffn;

/** @param detail a drop's reason or rule; 0: none */
export function cookieOf(category: Category, detail = 0): bigint {
  return (OWNER << 48n) | (CATEGORIES[category] << 32n) | BigInt(detail);
}

/**
 * The reason or rule in the cookie of a drop; null for flows of other categories, and for those that pass frames on.
 */
export function detailOf(category: Category, cookie: bigint): number | null {
  return (cookie & ~DETAIL) === cookieOf(category) && cookie !== cookieOf(category) ? Number(cookie & DETAIL) : null;
}

/** A flow that comes and goes by itself: learned from a frame, or a redirect that somebody renews. */
export function isTransient(flow: { readonly cookie: bigint }): boolean {
  return flow.cookie === cookieOf('learned') || flow.cookie === cookieOf('redirect');
}
