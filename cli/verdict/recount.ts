import type { PipelineEvent } from '#client/index.ts';
import { type Count, countConflicts, countProposals, winnerOf } from './count.ts';
import { type RoundRecord, readVerdictRecord, type SeatName } from './record.ts';

export interface Named {
  proposal_id: string;
  revision: number;
}

export interface Recount {
  generation: number;
  round: number;
  electorate: SeatName[];
  /** As they stood at the close of the last round of the last generation. */
  proposals: Count[];
  conflicts: number;
  recorded: (Named & { approvals: SeatName[] }) | null;
  recomputed: (Named & { approvals: SeatName[] }) | null;
  /** PIPE-6: a person completed the run without consensus. */
  partial: Named | null;
  agrees: boolean;
  differences: string[];
}

const approvalsOf = (count: Count): SeatName[] =>
  count.seats.filter((s) => s.stance === 'approve' || s.stance === 'author').map((s) => s.seat);
const same = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join() === [...b].sort().join();
const called = ({ proposal_id, revision }: Named): string => `${proposal_id} revision ${revision}`;

/** What the log's minority report leaves out, adds, or words otherwise (CONS-8). */
function minorityDifferences(record: RoundRecord, won: Count): string[] {
  const recorded = record.recorded?.minority_report ?? [];
  const dissent = won.seats.flatMap(({ seat, stance, reason }) => {
    if (stance === 'reject') return [{ seat, vote: stance, reason }];
    return stance === 'abstain' || stance === 'silent' ? [{ seat, vote: 'abstain', reason }] : [];
  });
  const fits = dissent.every(({ seat, vote, reason }) =>
    recorded.some((r) => r.seat === seat && r.vote === vote && (reason === null || r.reason === reason)),
  );
  return fits && dissent.length === recorded.length ? [] : ['the minority report is not what the votes say'];
}

function roundDifferences(record: RoundRecord): string[] {
  const where = `generation ${record.generation}, round ${record.round}: `;
  const won = winnerOf(countProposals(record));
  const { recorded } = record;
  const conflicts = countConflicts(record);
  const found: string[] = [];
  if (!same(record.electorate, record.recordedElectorate))
    found.push(
      `the electorate is ${record.electorate.join(', ')}, not ${record.recordedElectorate.join(', ')}`,
    );
  if (conflicts !== record.recordedConflicts)
    found.push(`${conflicts} conflicts, not ${record.recordedConflicts}`);
  if (won && !recorded) found.push(`${called(won)} passes, and the log has no verdict`);
  if (!won && recorded) found.push(`nothing passes, and the log says ${called(recorded)}`);
  if (won && recorded) {
    if (called(won) !== called(recorded)) found.push(`${called(won)} wins, not ${called(recorded)}`);
    else {
      if (!same(approvalsOf(won), recorded.approvals))
        found.push(`approved by ${approvalsOf(won).join(', ')}, not ${recorded.approvals.join(', ')}`);
      found.push(...minorityDifferences(record, won));
    }
  }
  return found.map((difference) => where + difference);
}

/**
 * CONS-4: recomputes the verdict of every round from the events by a path of its own, and compares it with what the log says.
 * `announced`: what the API calls the verdict, checked too when given.
 */
export function recount(events: readonly PipelineEvent[], announced?: Named | null): Recount {
  const { rounds, inadmissible, partial, generation } = readVerdictRecord(events);
  const last = rounds.filter((r) => r.generation === generation).at(-1);
  const proposals = last ? countProposals(last) : [];
  const won = winnerOf(proposals);
  const recorded = last?.recorded ?? null;
  const differences = [...inadmissible, ...rounds.flatMap(roundDifferences)];
  const verdict = recorded === null ? null : called(recorded);
  if (announced !== undefined && (announced === null ? null : called(announced)) !== verdict) {
    differences.push(
      `the API announces ${announced ? called(announced) : 'no verdict'}, the log ${verdict ?? 'none'}`,
    );
  }
  return {
    generation,
    round: last?.round ?? 0,
    electorate: last?.electorate ?? [],
    proposals,
    conflicts: last ? countConflicts(last) : 0,
    recorded: recorded && {
      proposal_id: recorded.proposal_id,
      revision: recorded.revision,
      approvals: recorded.approvals,
    },
    recomputed: won && {
      proposal_id: won.proposal_id,
      revision: won.revision,
      approvals: approvalsOf(won),
    },
    partial,
    agrees: differences.length === 0,
    differences,
  };
}
