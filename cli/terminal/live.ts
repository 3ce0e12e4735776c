import type { Screen } from './terminal.ts';
import { truncate } from './text.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const upAndClear = (lines: number): string => (lines > 0 ? `\u001b[${lines}A\r\u001b[J` : '\r\u001b[J');

/** Milliseconds between redraws, so that clocks and spinners move. */
const FRAME_MS = 120;

export interface LiveBlock {
  /** Lines that stay, above the block. */
  log(...lines: string[]): void;
  /** Asks for a redraw with the newest state. */
  refresh(): void;
  /** Removes the block and gives the terminal back. Idempotent. */
  end(): void;
}

/** A block of lines at the bottom of the terminal that is redrawn in place; without a terminal only `log` shows. */
export function createLiveBlock(screen: Screen, draw: (frame: number) => string[]): LiveBlock {
  if (!screen.interactive) {
    return { log: (...lines) => screen.print(...lines), refresh: () => {}, end: () => {} };
  }
  let drawn = 0;
  let frame = 0;
  let ended = false;
  const paint = (above: string[] = []) => {
    const block = draw(frame).map((line) => truncate(line, screen.width() - 1));
    const lines = [...above, ...block].map((line) => `${line}\n`).join('');
    screen.write(upAndClear(drawn) + lines);
    drawn = block.length;
  };
  const timer = setInterval(() => {
    frame += 1;
    paint();
  }, FRAME_MS);
  const end = () => {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    process.removeListener('exit', end);
    screen.write(upAndClear(drawn) + SHOW_CURSOR);
    drawn = 0;
  };
  process.on('exit', end);
  screen.write(HIDE_CURSOR);
  paint();
  return {
    log: (...lines) =>
      ended ? screen.print(...lines) : paint(lines.map((line) => truncate(line, screen.width() - 1))),
    refresh: () => {
      if (!ended) paint();
    },
    end,
  };
}
