/** What apply does on all hosts before it begins with the next. */
export const SCRIPT_STEPS = ['networks', 'vms', 'migrations', 'removals'] as const;
export type ScriptStep = (typeof SCRIPT_STEPS)[number];

export interface ScriptSection {
  readonly step: ScriptStep;
  readonly host: string;
  /** For sh(1) on that host, as root. */
  readonly script: string;
}
