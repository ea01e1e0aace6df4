import { styleText } from 'node:util';

/** How text for people may look where it goes. */
export interface Style {
  readonly colour: boolean;
  /** Columns. */
  readonly width: number;
  readonly unicode: boolean;
  /** Also what few want to know. */
  readonly verbose?: boolean;
}

export type Tone = 'good' | 'bad' | 'warning' | 'heading' | 'quiet';

const FORMATS = { good: 'green', bad: 'red', warning: 'yellow', heading: 'bold', quiet: 'dim' } as const;

export function paint(style: Style, tone: Tone, text: string): string {
  // The caller has decided about colour; from Node 22 on styleText would decide once more, by stdout.
  return style.colour ? styleText(FORMATS[tone], text, { validateStream: false }) : text;
}

/**
 * What suits a stream: colour only on a terminal and without NO_COLOR (no-color.org), Unicode where the locale is
 * UTF-8.
 */
export function styleFor(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    colour: stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    width: stream.columns ?? 100,
    unicode: /utf-?8/i.test(locale),
  };
}
