import type { Origin, Remarks } from '../remarks.js';

/**
 * The settings of one option, `a=b,c=d` or JSON, nested names with dots. Each that somebody reads is taken out; what is
 * left in the end is told, so that none is passed over.
 */
export class Properties {
  readonly #left: Map<string, string>;

  private constructor(
    settings: ReadonlyMap<string, string>,
    /** The option they are of, as it was written. */
    readonly origin: Origin,
  ) {
    this.#left = new Map(settings);
  }

  /** @param first the name of what stands first without one, as `-device DRIVER,…` has it; null: a switch */
  static of(text: string, first: string | null, origin: Origin): Properties {
    const settings = text.trimStart().startsWith('{') ? fromJson(text) : null;
    return new Properties(settings ?? fromList(text, first), origin);
  }

  /** Of settings that are known already. */
  static from(settings: ReadonlyMap<string, string>, origin: Origin): Properties {
    return new Properties(settings, origin);
  }

  entries(): readonly (readonly [name: string, value: string])[] {
    return [...this.#left];
  }

  take(...names: readonly string[]): string | null {
    let found: string | null = null;
    for (const name of names) {
      found ??= this.#left.get(name) ?? null;
      this.#left.delete(name);
    }
    return found;
  }

  peek(name: string): string | null {
    return this.#left.get(name) ?? null;
  }

  /** `on`, `off`, and the forms that JSON has; null: nothing is said. */
  flag(...names: readonly string[]): boolean | null {
    const text = this.take(...names);
    if (text === null) return null;
    return ['on', 'yes', 'true', '1', ''].includes(text);
  }

  /** Those whose name matches. */
  takeAll(pattern: RegExp): [name: string, value: string][] {
    const found = [...this.#left].filter(([name]) => pattern.test(name));
    for (const [name] of found) this.#left.delete(name);
    return found;
  }

  /** All that is left. */
  tellRest(remarks: Remarks, why = 'libvirt has no place for it, or vxmig does not know it', hint = REST_HINT): void {
    for (const [name, value] of this.takeAll(/(?:)/))
      remarks.lost(this.at(value === '' ? name : `${name}=${value}`), why, hint);
  }

  /** A setting of this option, for a remark about it alone. */
  at(text: string): Origin {
    const option = this.origin.text.split(/\s/)[0] ?? '';
    return { text: `${option} … ${text}`, place: this.origin.place };
  }
}

const REST_HINT = 'Where the guest needs it, write it into the definition, or as `<qemu:commandline>`.';

/** A comma within a value is written twice (qemu(1), "-drive"). */
function fromList(text: string, first: string | null): Map<string, string> {
  const settings = new Map<string, string>();
  const parts = text.replaceAll(',,', '\0').split(',');
  for (const [index, raw] of parts.entries()) {
    const part = raw.replaceAll('\0', ',');
    if (part === '') continue;
    const at = part.indexOf('=');
    // Names have no slashes: a path with `=` in it is a value.
    const hasName = at > 0 && /^[\w.-]+$/.test(part.slice(0, at));
    if (hasName) settings.set(part.slice(0, at), part.slice(at + 1));
    else if (index === 0 && first !== null) settings.set(first, part);
    else if (/^no[a-z]+$/.test(part) && part !== 'none') settings.set(part.slice(2), 'off');
    else settings.set(part, '');
  }
  return settings;
}

const MOST_LEVELS = 16;

function fromJson(text: string): Map<string, string> | null {
  const settings = new Map<string, string>();
  const visit = (value: unknown, path: string, level: number): void => {
    if (level > MOST_LEVELS) return void settings.set(path, '…');
    if (typeof value !== 'object' || value === null) settings.set(path, jsonText(value));
    else for (const [key, one] of Object.entries(value)) visit(one, path === '' ? key : `${path}.${key}`, level + 1);
  };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    visit(value, '', 0);
    return settings;
  } catch {
    return null;
  }
}

function jsonText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}
