/** Words for the JSON Schema of what is kept of a run. */
export type Shape = Readonly<Record<string, unknown>>;
export const text: Shape = { type: 'string' };
export const number: Shape = { type: 'number' };
export const yesOrNo: Shape = { type: 'boolean' };
export const textOrNull: Shape = { type: ['string', 'null'] };
export const numberOrNull: Shape = { type: ['number', 'null'] };
export const listOf = (items: Shape): Shape => ({ type: 'array', items });
export const record = (properties: Readonly<Record<string, Shape>>, optional: readonly string[] = []): Shape => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
