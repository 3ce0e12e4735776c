import type { Style } from '../terminal/style.ts';
import { padEnd, printable } from '../terminal/text.ts';
import type { Count, Stance } from '../verdict/count.ts';
import type { Recount } from '../verdict/recount.ts';

const STANCES: Record<Stance['stance'], { word: string; paint: keyof Style }> = {
  author: { word: 'approves (its own)', paint: 'good' },
  approve: { word: 'approves', paint: 'good' },
  reject: { word: 'rejects', paint: 'bad' },
  abstain: { word: 'abstains', paint: 'faint' },
  silent: { word: 'silent, abstains', paint: 'faint' },
};

function seatLine(seat: Stance, style: Style): string {
  const { word, paint } = STANCES[seat.stance];
  const weight = seat.confidence === null ? '' : style.faint(` ${seat.confidence} %`);
  const objects = seat.objects ? style.bad(' critical objection stands') : '';
  const reason = seat.reason === null ? '' : style.faint(` ${printable(seat.reason)}`);
  return `    ${padEnd(seat.seat, 6)} ${style[paint](word)}${weight}${objects}${reason}`;
}

const proposalLines = (count: Count, style: Style): string[] => [
  `  ${count.passes ? style.good('✔') : style.faint('✘')} ${style.strong(printable(count.title))} ${style.faint(`${count.proposal_id} revision ${count.revision}, by ${count.author}`)}`,
  ...count.seats.map((seat) => seatLine(seat, style)),
  style.faint(
    `    ${count.approve} approve, ${count.reject} reject, ${count.abstain} abstain; confidence ${count.confidence}; ${count.passes ? 'passes' : 'does not pass'}`,
  ),
];

/** The count, proposal by proposal and seat by seat, and whether the log says the same. */
export function recountLines(result: Recount, style: Style): string[] {
  const verdict = result.recomputed
    ? `${result.recomputed.proposal_id} revision ${result.recomputed.revision}, approved by ${result.recomputed.approvals.join(', ')}`
    : 'no proposal passes';
  return [
    style.title(
      `Generation ${result.generation}, round ${result.round}: electorate ${result.electorate.join(', ') || 'none yet'}`,
    ),
    ...result.proposals.flatMap((count) => proposalLines(count, style)),
    `Recomputed: ${style.strong(verdict)}`,
    ...(result.partial
      ? [
          style.caution(
            `A person accepted ${result.partial.proposal_id} revision ${result.partial.revision} without consensus.`,
          ),
        ]
      : []),
    ...(result.agrees
      ? [style.good('✔ The recorded verdict agrees.')]
      : [
          style.bad('✘ The recorded verdict does not agree:'),
          ...result.differences.map((d) => `  - ${printable(d)}`),
        ]),
  ];
}
