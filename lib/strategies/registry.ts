import type { StrategySettings } from '../model/strategy-settings.js';
import { AUTO_CONVERGE } from './auto-converge.js';
import { BOUNDED, DEFAULT_BOUND } from './bounded.js';
import { DEFAULT_POST_COPY_AFTER, HYBRID } from './hybrid.js';
import { POST_COPY } from './post-copy.js';
import { PRE_COPY } from './pre-copy.js';
import { STOP_AND_COPY } from './stop-and-copy.js';
import type { Strategy } from './strategy.js';

/** All there are; the first is what is done where nobody says anything. */
export const STRATEGIES: readonly [Strategy, ...Strategy[]] = [
  PRE_COPY,
  STOP_AND_COPY,
  AUTO_CONVERGE,
  POST_COPY,
  HYBRID,
  BOUNDED,
];

export const STRATEGY_NAMES: readonly string[] = STRATEGIES.map(({ name }) => name);

export const DEFAULT_STRATEGY = STRATEGIES[0].name;

/** What their settings are where nobody says anything. */
export const DEFAULT_SETTINGS: StrategySettings = { bound: DEFAULT_BOUND, postCopyAfter: DEFAULT_POST_COPY_AFTER };

/** All of them, by the key that each has in the file. */
export const SETTING_NAMES = Object.keys(DEFAULT_SETTINGS) as readonly (keyof StrategySettings)[];

/** With its settings as they are where nobody says anything. @throws Error for a name that is not of the registry */
export function strategyOf(name: string): Strategy {
  const found = STRATEGIES.find((strategy) => strategy.name === name);
  if (found === undefined) throw new Error(`no strategy ${name}`);
  return found;
}

/** As a migration's settings have it. @throws Error for a name that is not of the registry */
export function strategyFor({ strategy, ...settings }: { readonly strategy: string } & StrategySettings): Strategy {
  const found = strategyOf(strategy);
  return found.tuning?.tuned(settings) ?? found;
}

/** Those that read that setting. */
export function strategiesReading(setting: keyof StrategySettings): readonly string[] {
  return STRATEGIES.filter(({ tuning }) => tuning?.reads === setting).map(({ name }) => name);
}

/** ``a`, `b` or `c``: what may be written. */
export function strategyChoices(): string {
  const quoted = STRATEGY_NAMES.map((name) => `\`${name}\``);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
