import { duration } from '#cli/terminal/format.ts';
import { createLiveBlock } from '#cli/terminal/live.ts';
import type { Screen } from '#cli/terminal/terminal.ts';
import type { Step } from './system.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const NAME_WIDTH = 12;
/** Steps faster than this (ms) do not say how long they took. */
const WORTH_TELLING_MS = 1_000;

/** One line for each step: a spinner while it runs, then what came of it. */
export function progressSteps(screen: Screen): Step {
  const { style } = screen;
  return async (name, work, done) => {
    const began = performance.now();
    const label = name.padEnd(NAME_WIDTH);
    const block = createLiveBlock(screen, (frame) => [
      `  ${style.live(SPINNER[frame % SPINNER.length]!)} ${label} ${style.faint(`${duration(performance.now() - began)}`)}`,
    ]);
    try {
      const result = await work();
      block.end();
      const took = performance.now() - began;
      const time = took > WORTH_TELLING_MS ? style.faint(` ${duration(took)}`) : '';
      screen.print(`  ${style.good('✔')} ${label} ${done(result)}${time}`);
      return result;
    } catch (error) {
      block.end();
      screen.print(`  ${style.bad('✘')} ${label} failed`);
      throw error;
    }
  };
}

export const silentSteps: Step = (_name, work) => work();
