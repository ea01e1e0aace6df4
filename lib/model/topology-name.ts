/** The form of names in a topology, and of its own: `definitions.name` of lib/topology/schema.json. */
const FORM = /^[a-z][a-z0-9-]{0,30}$/;

/** A name with `..` or a slash must never reach what makes or removes files. */
export function isTopologyName(text: string): boolean {
  return FORM.test(text);
}
