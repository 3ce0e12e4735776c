import { describe, expect, it } from 'vitest';
import type { EvidenceEvent, EvidencePackage } from '#domain/ledger/evidence/package.ts';
import { EvidenceReader } from '#domain/ledger/evidence/read.ts';
import { checkVerdict } from '#domain/ledger/evidence/verdict.ts';

const eventsOf = (...events: [type: string, body: unknown][]) =>
  events.map(([type, body], i) => ({ seq: i + 1, type, body })) as unknown as EvidenceEvent[];
const found = (...events: [type: string, body: unknown][]) =>
  checkVerdict({ events: eventsOf(...events) } as EvidencePackage)?.map(({ at }) => at);

const proposal = { proposal_id: 'pp_1', revision: 1, author: 'ALPHA' };
const vote = { proposal_id: 'pp_1', revision: 1, seat: 'BETA', vote: 'approve' };
const verdict = { proposal_id: 'pp_1', revision: 1, approvals: ['ALPHA', 'BETA'] };

describe('a verdict in an evidence package', () => {
  it('LEDG-3: rests on a revision and votes on record, also on those that a fork brought along', () => {
    expect(
      found(['proposal_written', proposal], ['vote_cast', vote], ['consensus_reached', verdict]),
    ).toEqual([]);
    const fork = { proposals: [proposal], votes: [vote] };
    expect(found(['pipeline_forked', fork], ['consensus_reached', verdict])).toEqual([]);
    expect(found(['consensus_reached', verdict])).toEqual(['events[0].body']);
  });

  it.each([
    ['a vote that was turned', { ...vote, vote: 'reject' }, verdict],
    ['a vote on another revision', { ...vote, revision: 2 }, verdict],
    ['a vote of another seat', { ...vote, seat: 'GAMMA' }, verdict],
    ['a revision in words', vote, { ...verdict, revision: '1' }],
    ['ids whose parts run together', vote, { ...verdict, proposal_id: 'pp_1/1', revision: '' }],
    ['one seat, twice', vote, { ...verdict, approvals: ['ALPHA', 'ALPHA'] }],
    ['no list of seats', vote, { ...verdict, approvals: 'ALPHA BETA' }],
    ['no seats', vote, { ...verdict, approvals: undefined }],
  ])('LEDG-3: does not rest on %s', (_what, cast, reached) => {
    expect(
      found(['proposal_written', proposal], ['vote_cast', cast], ['consensus_reached', reached]),
    ).toEqual(['events[2].body']);
  });

  it.each([
    ['texts', 'x'],
    ['numbers', 3],
    ['null', null],
    ['lists of what is no object', [null, 'x', [1]]],
  ])('LEDG-3: a fork’s lists that are %s count as empty, and break nothing', (_what, odd) => {
    expect(
      found(['pipeline_forked', { proposals: odd, votes: odd }], ['consensus_reached', verdict]),
    ).toEqual(['events[1].body']);
    expect(found(['pipeline_forked', odd])).toEqual([]);
  });

  it('LEDG-3: an outcome is what the end says, as it stands: a text is not taken for its number', () => {
    const reader = new EvidenceReader();
    for (const event of eventsOf(['pipeline_ended', { state: 'COMPLETED', exit_code: '0', reason: null }]))
      reader.add(event);
    expect(reader.outcome).toEqual({ state: 'COMPLETED', exit_code: '0', reason: null, sealed: false });
  });
});
