import { VxmigError } from './errors.js';

/** Several failures as one that names all of them; what is about data gives the code. null: there is none. */
export function joined(errors: readonly (VxmigError | null)[]): VxmigError | null {
  const all = errors.filter((error) => error !== null);
  const first = all.find(({ code }) => code === 'DISK_NOT_SHARED') ?? all[0];
  if (first === undefined || all.length === 1) return first ?? null;
  const message = [...new Set(all.map((error) => error.message))].join('; ');
  const hint = [...new Set(all.map((error) => error.hint))].join(' ');
  return new VxmigError(first.code, message, {
    hint,
    cause: first,
    ...(first.where === undefined ? {} : { where: first.where }),
  });
}

/**
 * What each of them returns, all of them tried. @throws VxmigError of those that failed, as `joined`; whatever else one
 * throws, at once
 */
export function allOf<const Works extends readonly (() => unknown)[]>(works: Works): ResultsOf<Works> {
  const failures: VxmigError[] = [];
  const results = works.map((work) => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof VxmigError)) throw error;
      failures.push(error);
      return undefined;
    }
  });
  const failure = joined(failures);
  if (failure !== null) throw failure;
  return results as ResultsOf<Works>;
}

type ResultsOf<Works extends readonly (() => unknown)[]> = {
  -readonly [Index in keyof Works]: ReturnType<Works[Index]>;
};
