import type { ScriptSection } from '../model/plan-script.js';

/** A script for one host; of several hosts a text to read, which refuses to run: no shell is on all of them. */
export function scriptText(sections: readonly ScriptSection[]): string {
  if (sections.length === 0) return '# nothing to do';
  const hosts = [...new Set(sections.map((section) => section.host))];
  const head = hosts.length > 1 ? "echo 'this is for several hosts: choose one with --host' >&2; exit 3" : 'set -eu';
  return [head, ...sections.map(({ step, host, script }) => `### ${host}: ${step}\n${script}`)].join('\n');
}
