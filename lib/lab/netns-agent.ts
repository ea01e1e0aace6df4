import { text } from 'node:stream/consumers';
import { applyLinkOperations, type LinkOperation } from './link-operations.js';

// Run by nsenter(1) inside a network namespace of the lab: the operations come as JSON on stdin, errors go to stderr.
const operations = JSON.parse(await text(process.stdin)) as readonly LinkOperation[];
try {
  await applyLinkOperations(operations);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
