import type { PipelineEvent as WireEvent } from '#client/index.ts';
import type { EventBodies, PipelineEvent } from '#domain/pipeline/event.ts';

/** A seat's name; which seats there are is part of what is recounted, so it is not taken from a list. */
export type SeatName = string;
export type VoteWord = 'approve' | 'reject' | 'abstain';

export interface Revision {
  proposal_id: string;
  revision: number;
  author: SeatName;
  title: string;
  agent_id: string;
  /** Place in the record: which was written first. */
  place: number;
  /** CONS-4: written by an agent that was revoked for a violation. */
  disowned: boolean;
}

export interface CastVote {
  seat: SeatName;
  agent_id: string;
  proposal_id: string;
  revision: number;
  vote: VoteWord;
  confidence: number;
  reason: string;
  /** CONS-3: an objection that a citation backs. */
  critical: boolean;
}

/** What one generation has on record about its consensus, at the close of one of its rounds. */
export interface RoundRecord {
  generation: number;
  round: number;
  electorate: SeatName[];
  revisions: Revision[];
  votes: CastVote[];
  recordedElectorate: SeatName[];
  recordedConflicts: number;
  /** What the log says came of the round. */
  recorded: EventBodies['consensus_reached'] | null;
  failed: boolean;
}

export interface VerdictRecord {
  rounds: RoundRecord[];
  /** Votes that the log counts and the rules do not admit, in words. */
  inadmissible: string[];
  partial: { proposal_id: string; revision: number } | null;
  generation: number;
}

/**
 * Reads from the events alone what the rules CONS-2 to CONS-4 need: who may vote in a round, on what, and how. It shares no code with
 * the pipeline's own counting, so that a mistake there cannot hide here.
 */
export function readVerdictRecord(events: readonly WireEvent[]): VerdictRecord {
  const rounds: RoundRecord[] = [];
  const inadmissible: string[] = [];
  /** Agents by what is on record against them (CONS-4: votes of one that was revoked for a violation are void). */
  const voided = new Set<string>();
  const standsUntil = new Map<string, number>();
  let partial: VerdictRecord['partial'] = null;
  let generation = 1;
  let revisions: Revision[] = [];
  let votes: (CastVote & { round: number })[] = [];
  let mediator = false;
  let open: { round: number; place: number; electorate: SeatName[]; recorded: SeatName[] } | null = null;

  const whyNot = (vote: EventBodies['vote_cast']): string | null => {
    const target = revisions.find((r) => r.proposal_id === vote.proposal_id && r.revision === vote.revision);
    if (!open || open.round !== vote.round) return 'its round is not open';
    if (!open.electorate.includes(vote.seat)) return 'the seat is not in the electorate';
    if (!target) return 'there is no such revision';
    if (target.author === vote.seat) return 'authors do not vote on their own';
    if (target.place >= open.place) return 'the voter could not see the revision';
    const again = votes.some(
      (v) => v.round === vote.round && v.seat === vote.seat && v.proposal_id === vote.proposal_id,
    );
    return again ? 'the seat has voted on this proposal in this round' : null;
  };

  for (const event of events as readonly PipelineEvent[]) {
    switch (event.type) {
      case 'pipeline_forked':
        // PIPE-7: what the source's log had admitted is taken over as it stands.
        for (const agent of event.body.disowned ?? []) voided.add(agent);
        revisions = event.body.proposals.map((p) => ({ ...p, place: event.seq, disowned: false }));
        votes = event.body.votes.map((v) => ({ ...v, critical: v.critical && v.citations.length > 0 }));
        break;
      case 'generation_started':
        // REC-1: a rerun has new votes and rounds.
        generation = event.body.generation;
        revisions = [];
        votes = [];
        mediator = false;
        open = null;
        break;
      case 'agent_spawned':
        if (event.body.role === 'GAMMA') mediator = true;
        break;
      case 'agent_revoked':
        // CONS-4: revoked for a violation.
        if (event.body.votes_void) voided.add(event.body.agent_id);
        break;
      case 'agent_replaced':
        // CONS-4: of one replaced as stuck they stand in that round.
        standsUntil.set(event.body.agent_id, event.body.round);
        break;
      case 'round_started':
        open = {
          round: event.body.round,
          place: event.seq,
          electorate: mediator ? ['ALPHA', 'BETA', 'GAMMA'] : ['ALPHA', 'BETA'],
          recorded: event.body.electorate,
        };
        break;
      case 'proposal_written':
        revisions.push({ ...event.body, place: event.seq, disowned: false });
        break;
      case 'vote_cast': {
        const why = whyNot(event.body);
        const { seat, proposal_id, revision } = event.body;
        if (why !== null) {
          inadmissible.push(`event ${event.seq}: ${seat}'s vote on ${proposal_id}/${revision}: ${why}`);
          break;
        }
        const critical =
          event.body.critical && event.body.vote === 'reject' && event.body.citations.length > 0;
        votes.push({ ...event.body, critical });
        break;
      }
      case 'round_closed':
        if (open) {
          rounds.push({
            generation,
            round: event.body.round,
            electorate: open.electorate,
            recordedElectorate: open.recorded,
            revisions: revisions.map((r) => ({ ...r, disowned: voided.has(r.agent_id) })),
            votes: votes.filter((vote) => {
              const until = standsUntil.get(vote.agent_id);
              return !voided.has(vote.agent_id) && (until === undefined || event.body.round <= until);
            }),
            recordedConflicts: event.body.conflicts,
            recorded: null,
            failed: false,
          });
        }
        break;
      case 'consensus_reached':
        if (rounds.at(-1)) rounds.at(-1)!.recorded = event.body;
        break;
      case 'consensus_failed':
        if (rounds.at(-1)) rounds.at(-1)!.failed = true;
        break;
      case 'partial_accepted':
        partial = { proposal_id: event.body.proposal_id, revision: event.body.revision };
        break;
    }
  }
  return { rounds, inadmissible, partial, generation };
}
