import type { Origin, Remarks } from '../remarks.js';
import { Properties } from './properties.js';
import type { Word } from './shell-words.js';

export interface Option {
  /** Without dashes, by its first name: `M` is `machine`. */
  readonly name: string;
  /** null: it takes none. */
  readonly value: string | null;
  readonly origin: Origin;
}

/** Those that stand alone (qemu(1)); all others take a value. */
const ALONE = new Set(
  (
    'enable-kvm no-kvm no-kvm-irqchip no-kvm-pit enable-hax nographic usb snapshot daemonize S s nodefaults ' +
    'nodefconfig no-user-config no-reboot no-shutdown no-acpi no-hpet no-fd-bootchk no-quit no-frame full-screen ' +
    'alt-grab ctrl-grab ' +
    'sdl curses portrait singlestep only-migratable mem-prealloc win2k-hack rtc-td-hack localtime std-vga preconfig ' +
    'semihosting old-param tdf version h help no-kvm-pit-reinjection enable-fips xen-domid-restrict'
  ).split(' '),
);

const SAME: Readonly<Record<string, string>> = {
  M: 'machine',
  net0: 'net',
  watchdog_action: 'watchdog-action',
  redir: 'redir',
  balloon: 'balloon',
};

/** Every option of a call, each with its value; each is taken out by who knows it, and the rest is told. */
export class Options {
  #left: Option[];

  constructor(options: readonly Option[]) {
    this.#left = [...options];
  }

  has(name: string): boolean {
    return this.#left.some((option) => option.name === name);
  }

  /** All of these names, in the order of the command line. */
  all(...names: readonly string[]): Option[] {
    const found = this.#left.filter(({ name }) => names.includes(name));
    this.#left = this.#left.filter(({ name }) => !names.includes(name));
    return found;
  }

  /** The last one counts, as with QEMU. */
  last(...names: readonly string[]): Option | null {
    return this.all(...names).at(-1) ?? null;
  }

  flag(...names: readonly string[]): boolean {
    return this.all(...names).length > 0;
  }

  properties(name: string, first: string | null): Properties[] {
    return this.all(name).map(({ value, origin }) => Properties.of(value ?? '', first, origin));
  }

  rest(): readonly Option[] {
    return this.#left;
  }
}

/** @param words what follows the program's name */
export function readOptions(words: readonly Word[], remarks: Remarks): Options {
  const options: Option[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === undefined || word.text === '') continue;
    const name = optionName(word.text);
    if (name === null) {
      stray(word, remarks, options);
      continue;
    }
    const next = words[index + 1];
    const hasValue =
      !ALONE.has(name) && next !== undefined && (KNOWN_VALUE.test(name) || optionName(next.text) === null);
    if (hasValue) index += 1;
    const text = hasValue ? `${word.text} ${next.text}` : word.text;
    const unknown = word.unknown ?? (hasValue ? next.unknown : null);
    const origin = { text, place: word.place };
    if (unknown !== null)
      remarks.lost(
        origin,
        unknown.startsWith('whether')
          ? `${unknown} hangs on a condition, and nothing is run`
          : `${unknown} is no variable that the file sets to plain text, and nothing is run`,
        'Write its value in its place, and import again.',
      );
    else options.push({ name: SAME[name] ?? name, value: hasValue ? next.text : null, origin });
  }
  return new Options(options);
}

/** Whose value may begin with a dash, or be the name of another option. */
const KNOWN_VALUE = /^(?:append|name|kernel|initrd|drive|device|netdev|chardev|object|fw_cfg|m|smp|cpu|machine|uuid)$/;

/** `-m` → `m`, `--smp` → `smp`; null: it is no option. */
export function optionName(text: string): string | null {
  return /^--?([a-zA-Z][\w-]*)$/.exec(text)?.[1] ?? null;
}

/** QEMU takes a word without an option for the image of the first disk. */
function stray(word: Word, remarks: Remarks, options: Option[]): void {
  const origin = { text: word.text, place: word.place };
  if (word.unknown !== null)
    remarks.lost(origin, `${word.unknown} is known only to who starts the script`, 'Write out what it stands for.');
  else if (/^(?:\/|[\w.-]+:|json:)/.test(word.text) && !options.some(({ name }) => name === 'hda'))
    options.push({ name: 'hda', value: word.text, origin });
  else
    remarks.lost(
      origin,
      'a word that belongs to no option',
      'Where this is the output of `ps`, which has no quotes, import /proc/PID/cmdline in its place.',
    );
}
