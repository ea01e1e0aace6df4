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
 * The program and the packages that it uses as one CommonJS file: to find and read 300 files takes Node longer than to run them.
 * Text and names stay readable, for stack traces. The first line says what the rest is, for whoever keeps something made from it.
 * It belongs into a directory beside the compiled lib/.
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
    plugins: [OWN_FILES, NATIVE_ADDONS],
  });
  const [output] = result.outputFiles;
  if (output === undefined || result.warnings.length > 0)
    throw new Error((await formatMessages(result.warnings, { kind: 'warning' })).join('\n'));
  return {
    text: `// ${createHash('sha256').update(output.text).digest('hex')}\n${output.text}`,
    licences: await licencesOf(Object.keys(result.metafile.inputs), PACKAGE),
  };
}

/** Stands for `import.meta.url`: each file's own URL, as if it were loaded from where it was. */
const FILE_URL = `const __fileUrl = (file) => require('node:url').pathToFileURL(require('node:path').join(__dirname, '../lib', file)).href;`;

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
