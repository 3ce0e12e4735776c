import type { WriteStream } from 'node:tty';
import { createStyle, type Style, wantsColour } from './style.ts';

export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** One of the two output streams with what it can do. */
export interface Screen {
  style: Style;
  /** A person watches and lines may be redrawn. */
  interactive: boolean;
  width(): number;
  print(...lines: string[]): void;
  write(text: string): void;
}

/** Columns of output that does not go to a terminal, where nothing should be cut. */
const UNBOUNDED = 10_000;

export function createScreen(sink: Sink, env: NodeJS.ProcessEnv, colourAllowed = true): Screen {
  const interactive = sink.isTTY === true && env.TERM !== 'dumb' && !env.CI;
  return {
    style: createStyle(colourAllowed && wantsColour(env, sink.isTTY === true)),
    interactive,
    width: () => (sink.isTTY ? ((sink as WriteStream).columns ?? 80) : UNBOUNDED),
    print: (...lines) => {
      sink.write(lines.map((line) => `${line}\n`).join(''));
    },
    write: (text) => {
      sink.write(text);
    },
  };
}
