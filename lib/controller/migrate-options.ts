import type { MigrationOptions } from '../migration/migration.js';
import type { StrategySettings } from '../model/strategy-settings.js';
import type { MigrationSettings } from '../model/topology.js';
import { strategyFor } from '../strategies/registry.js';

/** What the command line says over the topology; of a strategy's settings any part. */
export type MigrateOverrides = Partial<Omit<MigrationOptions, keyof StrategySettings>> & {
  readonly [Setting in keyof StrategySettings]?: Partial<StrategySettings[Setting]>;
};

/** What a called-off copy would have had besides its bound: the bound's own end comes first. */
const BEYOND_BOUND_MS = 30_000;

/** The file's settings and, over them, those for this run. A copy that has a bound is not called off before that. */
export function migrateOptions(said: MigrationSettings, overrides: MigrateOverrides): MigrationOptions {
  const options: MigrationOptions = {
    ...said,
    redirect: true,
    ...overrides,
    bound: { ...said.bound, ...overrides.bound },
    postCopyAfter: { ...said.postCopyAfter, ...overrides.postCopyAfter },
  };
  const { bound } = strategyFor(options);
  if (bound === null || overrides.timeoutMs !== undefined) return options;
  return { ...options, timeoutMs: Math.max(options.timeoutMs, bound.durationMs + BEYOND_BOUND_MS) };
}
