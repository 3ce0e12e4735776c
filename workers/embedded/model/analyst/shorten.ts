import type { TurnOutput } from '#domain/agents/output.ts';
import { clip } from './point.ts';

/** Ways to say less, mildest first. Lists are sorted by weight, so that what goes is what weighs least. */
const CUTS: ((output: TurnOutput) => Partial<TurnOutput>)[] = [
  ({ findings }) => ({ findings: findings.map((one) => ({ ...one, body: clip(one.body, 300) })) }),
  ({ findings }) => ({ findings: findings.slice(0, 40) }),
  ({ proposal }) => ({
    proposal: proposal && {
      ...proposal,
      body: clip(proposal.body, 5_000),
      steps: proposal.steps.slice(0, 15),
    },
  }),
  ({ votes, messages }) => ({
    votes: votes.map((vote) => ({
      ...vote,
      reason: clip(vote.reason, 500),
      citations: vote.citations.slice(0, 5),
    })),
    messages: messages.map((message) => ({ ...message, body: clip(message.body, 500) })),
  }),
  ({ findings }) => ({ findings: findings.slice(0, 20).map((one) => ({ ...one, body: '' })) }),
  ({ proposal }) => ({
    proposal: proposal && {
      ...proposal,
      body: clip(proposal.body, 1_500),
      steps: proposal.steps.slice(0, 5),
      citations: proposal.citations.slice(0, 40),
    },
  }),
  ({ findings }) => ({ findings: findings.slice(0, 5) }),
  ({ proposal }) => ({ proposal: proposal && { ...proposal, citations: proposal.citations.slice(0, 10) } }),
];

/** The answer within `limit` characters of JSON, cut no more than needed. An answer that cannot fit is left to be cut off. */
export function shortened<T extends TurnOutput>(output: T, limit: number): T {
  let fitting = output;
  for (const cut of CUTS) {
    if (JSON.stringify(fitting).length <= limit) return fitting;
    fitting = { ...fitting, ...cut(fitting) };
  }
  return fitting;
}
