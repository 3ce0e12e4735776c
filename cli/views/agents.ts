import type { AgentCard } from '#client/index.ts';
import { count, money } from '../terminal/format.ts';
import type { Style } from '../terminal/style.ts';
import { padEnd, padStart, printable, truncate } from '../terminal/text.ts';

const phaseColour = (card: AgentCard, style: Style): ((text: string) => string) => {
  if (card.phase === 'REVOKED') return style.bad;
  if (card.phase === 'EXIT') return style.faint;
  return card.step === null ? style.good : style.live;
};

/** One line for each agent: role, phase, what it does, what it used. */
export function agentLines(
  agents: readonly AgentCard[],
  style: Style,
  width: number,
  spinner = '●',
): string[] {
  const right = 22;
  const middle = Math.max(16, Math.min(70, width - 26 - right));
  return agents
    .filter((card) => card.replaced_by === null)
    .map((card) => {
      const paint = phaseColour(card, style);
      const mark =
        card.phase === 'REVOKED' ? '✘' : card.step !== null ? spinner : card.phase === 'EXIT' ? '✔' : '·';
      const step = truncate(printable(card.step ?? ''), middle);
      const errors = card.errors > 0 ? style.bad(` ${card.errors} err`) : '';
      const used = `${padStart(`${count(card.tokens)} tok`, 9)} ${padStart(money(card.cost_microusd), 8)}`;
      return `${paint(mark)} ${style.strong(padEnd(card.role, 10))} ${paint(padEnd(card.phase, 9))} ${padEnd(step, middle)} ${style.faint(used)}${errors}`;
    });
}
