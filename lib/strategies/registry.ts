import { AUTO_CONVERGE } from './auto-converge.js';
import { POST_COPY } from './post-copy.js';
import { PRE_COPY } from './pre-copy.js';
import type { Strategy } from './strategy.js';

/** All there are; the first is what is done where nobody says anything. */
export const STRATEGIES: readonly [Strategy, ...Strategy[]] = [PRE_COPY, POST_COPY, AUTO_CONVERGE];

export const STRATEGY_NAMES: readonly string[] = STRATEGIES.map(({ name }) => name);

export const DEFAULT_STRATEGY = STRATEGIES[0].name;

/** @throws Error for a name that is not of the registry: whoever reads names from outside refuses it before */
export function strategyOf(name: string): Strategy {
  const found = STRATEGIES.find((strategy) => strategy.name === name);
  if (found === undefined) throw new Error(`no strategy ${name}`);
  return found;
}

/** ``a`, `b` or `c``: what may be written. */
export function strategyChoices(): string {
  const quoted = STRATEGY_NAMES.map((name) => `\`${name}\``);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
