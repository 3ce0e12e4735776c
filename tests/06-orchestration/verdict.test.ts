import { describe, expect, it } from 'vitest';
import { VoteDraft } from '#domain/agents/output.ts';
import { type Ballot, conflicts, tally, winner } from '#domain/consensus/tally.ts';

type Vote = Ballot['votes'][number];
const P: Ballot['proposals'][number] = { proposal_id: 'p', revision: 1, author: 'ALPHA', seq: 1 };
const cast = (seat: Vote['seat'], vote: Vote['vote'], more: Partial<Vote> = {}): Vote => ({
  seat,
  proposal_id: 'p',
  revision: 1,
  vote,
  confidence: 50,
  critical: false,
  seq: 2,
  ...more,
});
const ballot = (electorate: Ballot['electorate'], votes: Vote[], proposals = [P]): Ballot => ({
  electorate,
  proposals,
  votes,
});
const TWO = ['ALPHA', 'BETA'] as const;
const THREE = ['ALPHA', 'BETA', 'GAMMA'] as const;

describe('the verdict', () => {
  it('CONS-3: an author approves its own latest revision without voting', () => {
    expect(tally(ballot(TWO, []))[0]?.approve).toEqual(['ALPHA']);
  });

  it('CONS-3: confidence is a whole number from 0 to 100, and a vote has a reason', () => {
    const draft = {
      proposal_id: 'p',
      revision: 1,
      vote: 'approve',
      reason: 'r',
      critical: false,
      citations: [],
    };
    const fits = (change: object) => VoteDraft.safeParse({ ...draft, confidence: 50, ...change }).success;
    expect([0, 1, 99, 100].map((confidence) => fits({ confidence }))).toEqual(Array(4).fill(true));
    expect([-1, 101, 0.5, '50', null].map((confidence) => fits({ confidence }))).toEqual(
      Array(5).fill(false),
    );
    expect([fits({ reason: ' ' }), fits({ vote: 'maybe' })]).toEqual([false, false]);
  });

  it('CONS-4: one approval, the author alone, does not pass', () => {
    expect(winner(tally(ballot(TWO, [])))).toBeNull();
  });

  it('CONS-4: two seats, one not the author, pass', () => {
    expect(winner(tally(ballot(TWO, [cast('BETA', 'approve')])))).toMatchObject({
      proposal_id: 'p',
      revision: 1,
    });
  });

  it('CONS-4: two of three is exactly two thirds and passes; the third rejects without a citation', () => {
    expect(winner(tally(ballot(THREE, [cast('BETA', 'approve'), cast('GAMMA', 'reject')])))).not.toBeNull();
  });

  it('CONS-4: one of two deciding is below two thirds', () => {
    expect(winner(tally(ballot(TWO, [cast('BETA', 'reject')])))).toBeNull();
  });

  it('CONS-4: those who abstain are not counted, but two approvals are still needed', () => {
    expect(winner(tally(ballot(THREE, [cast('BETA', 'approve'), cast('GAMMA', 'abstain')])))).not.toBeNull();
    expect(winner(tally(ballot(THREE, [cast('BETA', 'abstain'), cast('GAMMA', 'abstain')])))).toBeNull();
  });

  it('CONS-4: a silent seat abstains', () => {
    expect(tally(ballot(THREE, [cast('BETA', 'approve')]))[0]?.abstain).toEqual(['GAMMA']);
  });

  it('CONS-4: a standing critical objection blocks whatever the majority', () => {
    const votes = [cast('BETA', 'approve'), cast('GAMMA', 'reject', { critical: true })];
    expect(winner(tally(ballot(THREE, votes)))).toBeNull();
  });

  it('CONS-4: a critical objection outlives a revision until its own seat votes again', () => {
    const revised = [P, { ...P, revision: 2, seq: 5 }];
    const objection = cast('GAMMA', 'reject', { critical: true });
    const approve = cast('BETA', 'approve', { revision: 2, seq: 6 });
    expect(winner(tally(ballot(THREE, [objection, approve], revised)))).toBeNull();
    const withdrawn = cast('GAMMA', 'abstain', { revision: 2, seq: 7 });
    expect(winner(tally(ballot(THREE, [objection, approve, withdrawn], revised)))).toMatchObject({
      revision: 2,
    });
  });

  it('CONS-4: an approval of an older revision does not count for the new one', () => {
    const revised = [P, { ...P, revision: 2, seq: 5 }];
    expect(winner(tally(ballot(TWO, [cast('BETA', 'approve')], revised)))).toBeNull();
  });

  it('CONS-4: a seat outside the electorate is not counted', () => {
    expect(winner(tally(ballot(TWO, [cast('GAMMA', 'approve')])))).toBeNull();
  });

  it('CONS-4: the last vote of a seat on a revision is the one that stands', () => {
    expect(
      winner(tally(ballot(TWO, [cast('BETA', 'reject'), cast('BETA', 'approve', { seq: 9 })]))),
    ).not.toBeNull();
  });

  it('CONS-4: ties go to the greater confidence of the other seats, then to the older proposal', () => {
    const q = { proposal_id: 'q', revision: 1, author: 'BETA' as const, seq: 2 };
    const on = (proposal_id: string, seat: Vote['seat'], confidence: number) =>
      cast(seat, 'approve', { proposal_id, confidence });
    expect(winner(tally(ballot(TWO, [on('p', 'BETA', 60), on('q', 'ALPHA', 70)], [P, q])))?.proposal_id).toBe(
      'q',
    );
    expect(winner(tally(ballot(TWO, [on('p', 'BETA', 70), on('q', 'ALPHA', 70)], [P, q])))?.proposal_id).toBe(
      'p',
    );
  });

  it('CONS-5: an approve and a reject on one revision are a conflict, each revision counting once', () => {
    expect(conflicts(ballot(TWO, [cast('BETA', 'approve')]))).toBe(0);
    expect(conflicts(ballot(TWO, [cast('BETA', 'reject')]))).toBe(1);
    expect(conflicts(ballot(THREE, [cast('BETA', 'reject'), cast('GAMMA', 'reject')]))).toBe(1);
    const revised = [P, { ...P, revision: 2, seq: 5 }];
    expect(
      conflicts(ballot(TWO, [cast('BETA', 'reject'), cast('BETA', 'reject', { revision: 2 })], revised)),
    ).toBe(2);
  });

  it('CONS-4: the order in which votes of different seats arrive does not matter', () => {
    const votes = [cast('BETA', 'approve'), cast('GAMMA', 'reject')];
    expect(tally(ballot(THREE, votes))[0]?.passes).toBe(
      tally(ballot(THREE, [...votes].reverse()))[0]?.passes,
    );
  });

  it('CONS-4: two thirds are counted in integers, at exactly and just below', () => {
    // More seats than there are today, so that the share alone decides.
    const seats = (n: number) =>
      Array.from({ length: n }, (_, i) => (i === 0 ? 'ALPHA' : `S${i}`)) as never[];
    const outcome = (n: number, approving: number) => {
      const others = seats(n).slice(1) as Vote['seat'][];
      const votes = others.map((seat, i) => cast(seat, i < approving - 1 ? 'approve' : 'reject'));
      return tally(ballot(seats(n), votes))[0]?.passes;
    };
    expect([outcome(6, 4), outcome(9, 6), outcome(99, 66)]).toEqual([true, true, true]);
    expect([outcome(5, 3), outcome(7, 4), outcome(99, 65)]).toEqual([false, false, false]);
  });

  it('CONS-4: two seats approve, also where the author has no seat in this round', () => {
    const merged = { ...P, author: 'GAMMA' as const };
    expect(winner(tally(ballot(TWO, [cast('BETA', 'approve')], [merged])))).toBeNull();
    const both = [cast('BETA', 'approve'), cast('ALPHA', 'approve')];
    expect(winner(tally(ballot(TWO, both, [merged])))).not.toBeNull();
  });

  it('CONS-4: a tie goes to the proposal that was written first, though it was revised last', () => {
    const q = { proposal_id: 'q', revision: 1, author: 'BETA' as const, seq: 3 };
    const revised = { ...P, revision: 2, seq: 9 };
    const votes = [
      cast('GAMMA', 'approve', { revision: 2, confidence: 70 }),
      cast('GAMMA', 'approve', { proposal_id: 'q', confidence: 70 }),
    ];
    const both = [P, q, revised];
    expect(winner(tally(ballot(THREE, votes, both)))).toMatchObject({ proposal_id: 'p', revision: 2 });
    expect(
      winner(
        tally(
          ballot(
            THREE,
            votes,
            [q, P, revised].map((p, i) => ({ ...p, seq: i + 1 })),
          ),
        ),
      ),
    ).toMatchObject({
      proposal_id: 'q',
    });
  });

  it('CONS-4: the word of an author that was revoked for a violation does not count for its proposal', () => {
    const disowned = { ...P, disowned: true };
    const [one] = tally(ballot(THREE, [cast('BETA', 'approve')], [disowned]));
    expect(one).toMatchObject({ approve: ['BETA'], abstain: ['ALPHA', 'GAMMA'], passes: false });
    const two = [cast('BETA', 'approve'), cast('GAMMA', 'approve')];
    expect(winner(tally(ballot(THREE, two, [disowned])))).not.toBeNull();
  });

  it('CONS-5: with its author disowned, a rejection alone is no conflict; beside another’s approval it is', () => {
    const disowned = [{ ...P, disowned: true }];
    expect(conflicts(ballot(THREE, [cast('BETA', 'reject')], disowned))).toBe(0);
    expect(conflicts(ballot(THREE, [cast('BETA', 'reject'), cast('GAMMA', 'approve')], disowned))).toBe(1);
  });

  it('CONS-5: a seat that comes round leaves no conflict behind', () => {
    expect(conflicts(ballot(TWO, [cast('BETA', 'reject'), cast('BETA', 'approve')]))).toBe(0);
  });
});
