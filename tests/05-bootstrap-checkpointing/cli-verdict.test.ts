import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recount } from '#cli/verdict/recount.ts';
import type { PipelineEvent as WireEvent } from '#client/index.ts';
import { toConsensus } from '#contract/views.ts';
import type { TurnOutput } from '#domain/agents/output.ts';
import type { Seat } from '#domain/agents/roles.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { replay } from '#domain/pipeline/evolve.ts';
import { goldenLog } from '#tests/support/fake-api.ts';
import { proposal, Rig, vote } from '#tests/support/pipeline.ts';

const wire = (log: readonly PipelineEvent[]) => log as unknown as WireEvent[];
const announced = (log: readonly PipelineEvent[]) => toConsensus(replay([...log])).verdict;
const recounted = (log: readonly PipelineEvent[]) => recount(wire(log), announced(log));

/** The log with some events' bodies changed, as a forger would. */
const forged = <T extends PipelineEvent['type']>(
  log: readonly PipelineEvent[],
  type: T,
  change: (body: Extract<PipelineEvent, { type: T }>['body']) => object,
): PipelineEvent[] =>
  log.map((event) =>
    event.type === type
      ? ({ ...event, body: { ...event.body, ...change(event.body as never) } } as PipelineEvent)
      : event,
  );

const CITATION = { source: 'sky.md', locator: 'lines 1-1', quote: 'blue' };

/** ALPHA proposes, BETA approves. */
function agreed(): Rig {
  const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
  const { proposal_id } = rig.proposalOf('ALPHA');
  return rig.round({ BETA: { votes: [vote(proposal_id, 1, 'approve')] } });
}

describe('the verdict recounted', () => {
  it('CONS-4: it shares no code with the count that it checks', () => {
    for (const name of ['record', 'count', 'recount']) {
      const path = fileURLToPath(new URL(`../../cli/verdict/${name}.ts`, import.meta.url));
      const imports = [...readFileSync(path, 'utf8').matchAll(/^import (type )?.*from '(.*)';$/gm)];
      const executed = imports.filter(([, type, from]) => !type && !from!.startsWith('./'));
      expect(executed.map(([line]) => line)).toEqual([]);
    }
  });

  it.each(['v1-consensus', 'v1-failure'] as const)('CONS-4: the golden log %s is recounted alike', (name) => {
    const result = recounted(goldenLog(name));
    expect(result.differences).toEqual([]);
    expect(result.agrees).toBe(true);
  });

  it('CONS-4 CONS-8: seats, stances and reasons of each proposal are listed', () => {
    const result = recounted(agreed().log);
    expect(result).toMatchObject({
      agrees: true,
      electorate: ['ALPHA', 'BETA'],
      proposals: [
        {
          author: 'ALPHA',
          passes: true,
          confidence: 80,
          seats: [
            { seat: 'ALPHA', stance: 'author' },
            { seat: 'BETA', stance: 'approve', reason: 'approve because' },
          ],
        },
      ],
    });
    expect(result.recomputed).toEqual(result.recorded);
  });

  it('CONS-4 CONS-9: a failed consensus is one in which nothing passes', () => {
    const result = recounted(new Rig().toConsensusFailure().log);
    expect(result).toMatchObject({ agrees: true, recorded: null, recomputed: null });
    expect(result.proposals.some((p) => p.reject > 0)).toBe(true);
  });

  it('REC-1: each generation is counted by itself', () => {
    const rig = new Rig().toConsensusFailure().revokeAll();
    rig.when({
      kind: 'fallback',
      action: 'rerun_gamma',
      reason: 'again',
      proposal_id: null,
      revision: null,
      confirm: false,
    });
    rig.login().round({ ALPHA: { proposal: proposal('y') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    rig.round({
      BETA: { votes: [vote(proposal_id, 1, 'approve')] },
      GAMMA: { votes: [vote(proposal_id, 1, 'abstain')] },
    });
    expect(rig.state.verdict).not.toBeNull();
    expect(recounted(rig.log)).toMatchObject({
      agrees: true,
      generation: 2,
      electorate: ['ALPHA', 'BETA', 'GAMMA'],
    });
  });

  it('CONS-4: a standing critical objection stops a proposal, until its seat withdraws it', () => {
    const rig = new Rig().toRoundOne().round({ ALPHA: { proposal: proposal('x') } });
    const { proposal_id } = rig.proposalOf('ALPHA');
    const objection = vote(proposal_id, 1, 'reject', { critical: true, citations: [CITATION] });
    rig.round({ BETA: { votes: [objection] } });
    expect(recounted(rig.log).proposals[0]?.seats[1]).toMatchObject({ seat: 'BETA', objects: true });
    rig.round({ BETA: { votes: [vote(proposal_id, 1, 'approve')] } });
    expect(recounted(rig.log)).toMatchObject({ agrees: true, recomputed: { proposal_id } });
  });

  it.each([
    ['a vote turned around', 'vote_cast', () => ({ vote: 'reject' })],
    ['a vote from a round that it could not see the proposal in', 'vote_cast', () => ({ round: 1 })],
    ['a vote of the author', 'vote_cast', () => ({ seat: 'ALPHA' })],
    ['a seat added to the electorate', 'round_started', () => ({ electorate: ['ALPHA', 'BETA', 'GAMMA'] })],
    ['conflicts hidden', 'round_closed', () => ({ conflicts: 7 })],
    ['another winner', 'consensus_reached', () => ({ revision: 2 })],
    ['an approval invented', 'consensus_reached', () => ({ approvals: ['ALPHA', 'BETA', 'GAMMA'] })],
    [
      'a minority invented',
      'consensus_reached',
      () => ({ minority_report: [{ seat: 'BETA', vote: 'reject', reason: 'no' }] }),
    ],
  ] as const)('CONS-4 CONS-8: %s is noticed', (_what, type, change) => {
    const { log } = agreed();
    const result = recount(wire(forged(log, type, change)), announced(log));
    expect(result.agrees).toBe(false);
    expect(result.differences.length).toBeGreaterThan(0);
  });

  it('CONS-4: a verdict that the log does not have, or the API does not tell, is noticed', () => {
    const { log } = agreed();
    const without = log.filter((event) => event.type !== 'consensus_reached');
    expect(recount(wire(without), null).differences[0]).toContain('passes, and the log has no verdict');
    expect(recount(wire(log), null).differences[0]).toContain('the API announces no verdict');
  });

  it('CONS-4 REL-1: both counts agree on any course of any debate', () => {
    const choice = fc.record({
      propose: fc.boolean(),
      votes: fc.array(
        fc.record({
          vote: fc.constantFrom('approve', 'reject', 'abstain', null),
          confidence: fc.nat(100),
          critical: fc.boolean(),
          old: fc.boolean(),
        }),
        { minLength: 3, maxLength: 3 },
      ),
    });
    const course = fc.array(fc.array(choice, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 9 });
    let verdicts = 0;
    fc.assert(
      fc.property(course, fc.constantFrom(20, 90), (rounds, complexity) => {
        const rig = new Rig().toRoundOne(undefined, complexity).bootstrap();
        rounds.forEach((choices, n) => {
          const outputs: Partial<Record<Seat, Partial<TurnOutput>>> = {};
          (['ALPHA', 'BETA', 'GAMMA'] as const).forEach((seat, at) => {
            const { propose, votes } = choices[at]!;
            const own = rig.state.proposals.findLast((p) => p.author === seat);
            const latest = [...new Map(rig.state.proposals.map((p) => [p.proposal_id, p])).values()];
            outputs[seat] = {
              proposal: propose ? proposal(`${seat} ${n}`, own?.proposal_id ?? null) : null,
              votes: latest.flatMap((p, i) => {
                const { vote: value, confidence, critical, old } = votes[i % 3]!;
                if (value === null) return [];
                const revision = old ? 1 : p.revision;
                return [
                  vote(p.proposal_id, revision, value, {
                    confidence,
                    critical,
                    citations: critical ? [CITATION] : [],
                  }),
                ];
              }),
            };
          });
          if (rig.state.round && !rig.state.outcome && !rig.state.failure) rig.round(outputs);
        });
        if (rig.state.verdict) verdicts += 1;
        expect(recounted(rig.log).differences).toEqual([]);
      }),
      { numRuns: 150 },
    );
    expect(verdicts).toBeGreaterThan(15);
  });
});
