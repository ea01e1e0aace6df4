import type { MigrationOptions } from '../migration/migration.js';
import { VxmigError } from '../model/errors.js';
import type { StrategySettings } from '../model/strategy-settings.js';
import type { MigrationSettings, StrategyName } from '../model/topology.js';
import { SETTING_NAMES, strategiesReading, strategyFor, strategyOf } from '../strategies/registry.js';

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

/** What the options of a setting begin with. */
const FLAGS: Readonly<Record<keyof StrategySettings, string>> = {
  bound: '--bound-…',
  postCopyAfter: '--post-copy-after-…',
};

/** A bound that is said and not kept would be worse than none. null: the strategy hears all that is said to it */
export function unheardSetting(strategy: StrategyName, overrides: Partial<MigrateOverrides>): VxmigError | null {
  const reads = strategyOf(strategy).tuning?.reads;
  for (const setting of SETTING_NAMES) {
    if (overrides[setting] === undefined || setting === reads) continue;
    const readers = strategiesReading(setting).join(' or ');
    return new VxmigError('USAGE', `${FLAGS[setting]} is for the strategy ${readers}, and this would be ${strategy}`, {
      where: FLAGS[setting],
      hint: `Add \`--strategy ${readers}\`, or leave it out.`,
    });
  }
  return null;
}
