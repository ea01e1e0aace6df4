import { rubricSchemaText } from '../../grade/schema.js';
import { schemaText } from '../../topology/schema.js';
import type { CommandContext } from '../context.js';

/** The schema is a JSON document as it stands: with --json it is printed as its own. */
export async function schemaCommand({ output }: CommandContext, of: 'topology' | 'rubric'): Promise<number> {
  const text = of === 'rubric' ? rubricSchemaText() : schemaText();
  output.result(JSON.parse(text), text);
  return 0;
}
