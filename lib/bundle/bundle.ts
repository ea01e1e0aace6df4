import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, formatMessages, type Plugin } from 'esbuild';
import { licencesOf } from './licences.js';
import { VALIDATORS, validatorCode } from './validator-code.js';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
/** The compiled lib/ that this file is in. */
const LIB = fileURLToPath(new URL('../', import.meta.url));

/**
 * The program and the packages that it uses as one CommonJS file: to find and read 300 files takes Node longer than to
 * run them. Text and names stay readable, for stack traces. The first line says what the rest is, for whoever keeps
 * something made from it. It belongs into a directory beside the compiled lib/.
 */
export async function makeBundle(): Promise<{ readonly text: string; readonly licences: string }> {
  const result = await build({
    absWorkingDir: PACKAGE,
    entryPoints: [`${LIB}cli/main.js`],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    legalComments: 'none',
    logLevel: 'silent',
    external: ['netlink', 'cpu-features'],
    banner: { js: FILE_URL },
    plugins: [OWN_FILES, NATIVE_ADDONS, WITHOUT_HTTP],
  });
  const [output] = result.outputFiles;
  if (output === undefined || result.warnings.length > 0)
    throw new Error((await formatMessages(result.warnings, { kind: 'warning' })).join('\n'));
  const text = inAscii(output.text);
  return {
    text: `// ${createHash('sha256').update(text).digest('hex')}\n${text}`,
    licences: await licencesOf(Object.keys(result.metafile.inputs), PACKAGE),
  };
}

/**
 * esbuild escapes what is not ASCII in strings, but not in tagged templates, where a tag might see the difference by
 * `raw`. `bin/vxmig` reads the bundle as Latin-1, by which the program starts 14 ms sooner than as UTF-8; a character
 * that is left would come out as two others.
 * @throws where it would make a difference
 */
export function inAscii(text: string): string {
  const raw = /String\.raw`[^`]*[^\0-\x7f]/.exec(text);
  if (raw !== null) throw new Error(`not ASCII, and cannot be escaped there: ${raw[0]}`);
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Stands for `import.meta.url`: each file's own URL, as if it were loaded from where it was. */
const FILE_URL =
  "const __fileUrl = (file) => require('node:url').pathToFileURL(require('node:path').join(__dirname, " +
  "'../lib', file)).href;";

const OWN_FILES: Plugin = {
  name: 'own-files',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(LIB)) return null;
      const file = path.slice(LIB.length);
      const schema = VALIDATORS[file];
      if (schema !== undefined) return { contents: validatorCode(schema()), loader: 'js', resolveDir: PACKAGE };
      const text = await readFile(path, 'utf8');
      return { contents: text.replaceAll('import.meta.url', `__fileUrl(${JSON.stringify(file)})`), loader: 'js' };
    });
  },
};

/** A package's compiled part stays where npm has put it, or is missing there, which the package gets by with. */
const NATIVE_ADDONS: Plugin = {
  name: 'native-addons',
  setup({ onResolve }) {
    onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => {
      const inPackages = new URL(path, `file://${resolveDir}/`).pathname.split('/node_modules/').at(-1);
      return { path: inPackages ?? path, external: true };
    });
  },
};

/**
 * ssh2 brings agents for HTTP over SSH, which nobody here uses: they alone would have Node load its HTTP and TLS,
 * whenever a host is connected to.
 */
const WITHOUT_HTTP: Plugin = {
  name: 'without-http',
  setup({ onLoad }) {
    onLoad({ filter: /\/ssh2\/lib\/http-agents\.js$/ }, () => ({ contents: '', loader: 'js' }));
  },
};
