import type { Orchestration } from '#client/index.ts';
import type { Style } from '../terminal/style.ts';

/** How far (0 to 1) each state begins and ends on the bar. */
const SPAN = {
  SPAWN: [0, 0.1],
  RUNNING: [0.1, 0.3],
  REPORT: [0.3, 0.35],
  ORCHESTRATING: [0.35, 0.95],
  COMPLETED: [1, 1],
  FAILED: [1, 1],
} as const;

/**
 * An estimate, as nobody knows how many rounds it takes: each round fills half of what is left of ORCHESTRATING, and the seats
 * that have spoken in it fill theirs. A verdict takes it to the end of the state.
 */
export function progressOf({ pipeline, blackboard }: Orchestration): number {
  const [from, to] = SPAN[pipeline.state];
  if (pipeline.state !== 'ORCHESTRATING' || pipeline.round === 0) return from;
  if (blackboard.consensus) return to;
  const spoken = new Set(
    [
      ...blackboard.votes.map((vote) => [vote.round, vote.seat]),
      ...blackboard.proposals.map((p) => [p.round, p.author]),
    ]
      .filter(([round]) => round === pipeline.round)
      .map(([, seat]) => seat),
  ).size;
  const within = Math.min(1, spoken / 2);
  const left = 0.5 ** (pipeline.round - 1) * (1 - within / 2);
  return from + (to - from) * (1 - left);
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

export function progressBar(fraction: number, width: number, style: Style): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  const full = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  return style.live(full) + style.faint('░'.repeat(Math.max(0, width - full.length)));
}
