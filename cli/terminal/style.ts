import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Meanings, so that a colour is chosen in one place. */
const FORMATS = {
  strong: 'bold',
  faint: 'gray',
  good: 'green',
  bad: 'red',
  caution: 'yellow',
  live: 'cyan',
  title: ['bold', 'cyan'],
} as const satisfies Record<string, Format>;

export type Style = Record<keyof typeof FORMATS, (text: string) => string>;

export function createStyle(colour: boolean): Style {
  const paint = (format: Format) => (text: string) =>
    colour && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return Object.fromEntries(
    Object.entries(FORMATS).map(([name, format]) => [name, paint(format as Format)]),
  ) as Style;
}

/** NO_COLOR wins over FORCE_COLOR, as no-color.org asks; otherwise a terminal decides. */
export function wantsColour(env: NodeJS.ProcessEnv, isTTY: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTTY && env.TERM !== 'dumb';
}
