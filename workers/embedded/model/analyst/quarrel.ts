import type { VoteDraft } from '#domain/agents/output.ts';
import { relevantPassages, statements } from './evidence.ts';
import { clip, oneLine, type Point, uniqueCitations } from './point.ts';
import type { BoardProposal, Reading } from './reading.ts';
import { bare } from './sentences.ts';

/** RUN-5, `disagree`: what a seat holds on to that was asked to agree with nobody, and what it holds against the others now. */
export interface Quarrel {
  /** The view that this seat keeps through all its revisions. */
  stand: Point | null;
  /** What it dwells on in this round. */
  emphasis: Point | null;
  /** What it says the others neglect: another one with each turn. */
  grounds: readonly Point[];
  turn: number;
}

const GROUNDS = 8;
const ORDER: Record<string, number> = { ALPHA: 0, BETA: 1, GAMMA: 2 };

/** Taken from the documents, another one for each seat and round, so that no vote and no revision repeats. */
export function quarrelOf(reading: Reading, known: readonly Point[]): Quarrel {
  const said = statements(relevantPassages(reading), GROUNDS);
  const grounds = said.length > 0 ? said : known;
  const at = (index: number) => grounds[index % Math.max(1, grounds.length)] ?? null;
  const seat = ORDER[reading.seat] ?? 0;
  return {
    stand: said.length > 0 ? at(seat) : null,
    emphasis: at(seat + reading.round),
    grounds,
    turn: seat + reading.round,
  };
}

const CONFIDENCE = 60;

/** Rejects whatever the others propose, with citations, and never so that it blocks. */
export const stubbornVotes = ({ grounds, turn }: Quarrel, others: readonly BoardProposal[]): VoteDraft[] =>
  others.slice(0, 20).map(({ proposal_id, revision, title }, index) => {
    const neglected = grounds.filter((one) => !one.title.includes(title));
    const ground = neglected[(turn + index) % Math.max(1, neglected.length)];
    return {
      proposal_id,
      revision,
      vote: 'reject',
      confidence: CONFIDENCE,
      reason: clip(
        ground
          ? `"${oneLine(title)}" gives too little weight to ${bare(oneLine(ground.title))}.`
          : `"${oneLine(title)}" does not answer the objective.`,
        4_000,
      ),
      critical: false,
      citations: uniqueCitations(ground?.citations ?? [], 20),
    };
  });
