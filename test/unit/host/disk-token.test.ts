import { existsSync, readdirSync } from 'node:fs';
import t, { type Test } from 'tap';
import { exchangeTokens } from '../../../lib/host/disk-token.js';
import type { FileSight } from '../../../lib/model/disk.js';
import { RecordingShell } from './recording-shell.js';

/** Two hosts that are this machine: what they share are the directories that they name alike. */
function hosts(t: Test) {
  const directory = t.testdir({ shells: {}, shared: {}, own: {}, 'a b $(c)': {} });
  const { shell } = new RecordingShell(`${directory}/shells`, []);
  const sight = (path: string): FileSight => ({ path: `${directory}/${path}`, uid: '0', gid: '0' }) as FileSight;
  const exchange = (...pairs: readonly (readonly [source: string, destination: string])[]) =>
    exchangeTokens(
      shell,
      shell,
      pairs.map(([source, destination]) => ({ source: sight(source), destination: sight(destination) })),
    );
  const left = () => ['shared', 'own', 'a b $(c)'].flatMap((name) => readdirSync(`${directory}/${name}`));
  return { directory, exchange, left };
}

t.test('what is written beside a file is seen where the directory is the same, and is gone afterwards', async (t) => {
  const { exchange, left } = hosts(t);
  const pairs = [
    ['shared/disk', 'shared/disk'],
    ['shared/disk', 'own/disk'],
    ['a b $(c)/disk', 'a b $(c)/disk'],
  ] as const;
  t.strictSame(await exchange(...pairs), ['seen', 'unseen', 'seen']);
  t.strictSame(left(), []);
});

t.test('where nothing can be written nothing is claimed of the other host', async (t) => {
  const { directory, exchange } = hosts(t);
  t.strictSame(await exchange(['none/disk', 'shared/disk'], ['shared/disk', 'shared/disk']), ['unwritten', 'seen']);
  t.notOk(existsSync(`${directory}/none`));
});
