/**
 * What systems leave behind: names that begin with a dot (`._x` of macOS among them), and the directories of archives
 * and desktops.
 */
const OF_SYSTEMS = /^(?:\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;

/** What learning systems add to their exports (Gradescope: `submission_metadata.yml`). */
const OF_EXPORTS = /^(?:submission_)?metadata\.(?:ya?ml|json|txt)$/i;

/** Nobody's submission, by its name. */
export function isLitter(name: string): boolean {
  return OF_SYSTEMS.test(name) || OF_EXPORTS.test(name);
}

const YAML = /\.ya?ml$/i;
const TEXT = /\.txt$/i;

/** By its ending; `text`: a browser or an editor may have added it. */
export function endingOf(name: string): 'yaml' | 'text' | null {
  if (YAML.test(name)) return 'yaml';
  return TEXT.test(name) ? 'text' : null;
}

export function withoutEnding(name: string): string {
  return name.replace(YAML, '').replace(TEXT, '');
}

/** Keys that no other file of an exercise has at its beginning; in braces they may stand anywhere. */
const KEYS = '["\']?(?:underlay|hosts|networks|vms)["\']?\\s*:';
const BLOCK = new RegExp(`^${KEYS}`, 'm');
const FLOW = new RegExp(`[{,]\\s*${KEYS}`);

/**
 * Whether it is meant as a topology, which may have mistakes; told of the first look, to choose among several files.
 */
export function looksLikeTopology(bytes: Buffer): boolean {
  // Also as UTF-16, which is refused later and with a better word.
  const text = bytes.toString('latin1').replaceAll('\0', '');
  return BLOCK.test(text) || (/^\s*\{/.test(text) && FLOW.test(text));
}
