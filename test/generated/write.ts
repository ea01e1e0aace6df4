import { writeFileSync } from 'node:fs';
import { GENERATED_FILES, PACKAGE_URL } from './files.js';

// `npm run docs`
for (const { path, text } of GENERATED_FILES) {
  writeFileSync(new URL(path, PACKAGE_URL), text());
  console.log(`written: ${path}`);
}
