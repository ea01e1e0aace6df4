import type { Change } from '../model/change.js';

export interface DriftNews {
  readonly appeared: readonly Change[];
  readonly gone: readonly Change[];
}

/**
 * What differs between two looks at one host. A difference that has another reason now has appeared, and the old one is
 * not gone.
 */
export function driftNews(before: readonly Change[], now: readonly Change[]): DriftNews {
  return {
    appeared: now.filter((one) => !before.some((other) => isSame(one, other) && one.why === other.why)),
    gone: before.filter((one) => !now.some((other) => isSame(one, other))),
  };
}

function isSame(one: Change, other: Change): boolean {
  return one.kind === other.kind && one.name === other.name;
}
