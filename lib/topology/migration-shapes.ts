import { BOUND_ENDS } from '../strategies/bounded.js';
import { strategyChoices } from '../strategies/registry.js';
import type { Shape } from './vocabulary.js';

/** What may stand where it is said how a VM is moved. */
export const MIGRATION_SHAPES: readonly (readonly [string, Shape])[] = [
  ['vms/*/migration', { noun: 'a map', fix: 'for example `migration: {strategy: pre-copy}`' }],
  ['vms/*/migration/strategy', { noun: 'a strategy', fix: strategyChoices() }],
  [
    'vms/*/migration/bandwidth',
    { noun: 'a bandwidth in MiB or GiB per second', fix: 'for example `bandwidth: 64MiB`' },
  ],
  [
    'vms/*/migration/timeout',
    { noun: 'a time in whole seconds or minutes', fix: 'for example `timeout: 120s` or `5m`' },
  ],
  ['vms/*/migration/bound', { noun: 'a map', fix: 'for example `bound: {bytes: 2x, duration: 60s, then: stop}`' }],
  [
    'vms/*/migration/bound/bytes',
    {
      noun: 'a multiple of the memory, at least 1.1x, or a size in MiB or GiB',
      fix: 'for example `bytes: 2x`, `1.5x` or `512MiB`',
    },
  ],
  [
    'vms/*/migration/bound/duration',
    { noun: 'a time in whole seconds or minutes', fix: 'for example `duration: 60s` or `5m`' },
  ],
  [
    'vms/*/migration/bound/then',
    { noun: 'an end of a bounded copy', fix: BOUND_ENDS.map((end) => `\`${end}\``).join(' or ') },
  ],
  ['vms/*/migration/postCopyAfter', { noun: 'a map', fix: 'for example `postCopyAfter: {passes: 5, duration: 60s}`' }],
  [
    'vms/*/migration/postCopyAfter/passes',
    { noun: 'a number of passes from 1 to 1000', fix: 'for example `passes: 5`' },
  ],
  [
    'vms/*/migration/postCopyAfter/duration',
    { noun: 'a time in whole seconds or minutes', fix: 'for example `duration: 60s` or `5m`' },
  ],
];
