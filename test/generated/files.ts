import { resultText } from '../../lib/import/result-text.js';
import { FIXTURE_NAMES, fixture, imported } from '../unit/import/fixture.js';
import { checksPage } from './checks-page.js';
import { errorsPage } from './errors-page.js';
import { EXAMPLE_HOSTS, portTable, readableFlows } from './example-host.js';
import { extendingPage } from './extending-page.js';
import { faultsPage } from './faults-page.js';
import { guestMovesPage } from './guest-moves-page.js';
import { negotiationPage } from './negotiation-page.js';
import { pipelinePage } from './pipeline-page.js';
import { schemaWithStrategies, strategiesPage } from './strategies-page.js';

/** Every checked-in file that is made from the code: its path from the package's root, and what it should hold. */
export const GENERATED_FILES: readonly { readonly path: string; readonly text: () => string }[] = [
  { path: 'docs/checks.md', text: checksPage },
  { path: 'docs/errors.md', text: errorsPage },
  { path: 'docs/extending.md', text: extendingPage },
  { path: 'docs/faults.md', text: () => faultsPage(PACKAGE_URL) },
  { path: 'docs/guest-moves.md', text: () => guestMovesPage(PACKAGE_URL) },
  { path: 'docs/negotiation.md', text: negotiationPage },
  { path: 'docs/pipeline.md', text: pipelinePage },
  { path: 'docs/strategies.md', text: strategiesPage },
  ...['lib/topology/schema.json', 'lib/grade/schema.json'].map((path) => ({
    path,
    text: () => schemaWithStrategies(new URL(path, PACKAGE_URL)),
  })),
  ...EXAMPLE_HOSTS.map((host) => ({
    path: `test/golden/${host.name}.flows`,
    text: () => `# ${host.title}\n\n${portTable(host)}\n\n${readableFlows(host.flows)}`,
  })),
  ...FIXTURE_NAMES.map((name) => ({
    path: `test/golden/import/${name}.txt`,
    text: () => resultText(imported(fixture(name), {}, name), name),
  })),
];

export const PACKAGE_URL = new URL('../../../', import.meta.url);
