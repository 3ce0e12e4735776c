import { Badge } from '@cloudflare/kumo/components/badge';
import { Clamp } from '../../components/clamp.tsx';
import { Prose, ProseLine } from '../../components/prose.tsx';
import type { ReportedGeneration, ReportedProposal } from '../../models/failure-report.ts';
import { VoteLine } from './votes.tsx';

function Proposed({ reported: { proposal: p, votes, stood } }: { reported: ReportedProposal }) {
  return (
    <li className="border-l-2 border-kumo-line pl-4">
      <h4 className="font-semibold break-words">
        <ProseLine text={p.title} />
      </h4>
      <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-sm text-kumo-subtle">
        <Badge variant="outline">{p.author}</Badge> revision {p.revision} · round {p.round}
        {stood && ` · ${stood}`}
      </p>
      <div className="mt-2 text-sm leading-relaxed">
        <Clamp what="proposal">
          <Prose text={p.body} />
        </Clamp>
      </div>
      {votes.length === 0 ? (
        <p className="mt-2 text-sm text-kumo-subtle">No other seat voted on it.</p>
      ) : (
        <ul className="mt-3 flex flex-col gap-2.5">
          {votes.map((vote) => (
            <VoteLine
              key={vote.seq}
              vote={vote}
              {...(vote.revision === p.revision ? {} : { on: vote.revision })}
            />
          ))}
        </ul>
      )}
    </li>
  );
}

/** What was proposed in one generation, with each seat's vote and its reason. */
export function Proposals({ of: { proposals } }: { of: ReportedGeneration }) {
  return proposals.length === 0 ? (
    <p className="text-sm text-kumo-subtle">Nothing was proposed.</p>
  ) : (
    <ul className="flex flex-col gap-5">
      {proposals.map((p) => (
        <Proposed key={p.proposal.proposal_id} reported={p} />
      ))}
    </ul>
  );
}

/** REC-1: generations that failed before the one that is shown, folded. */
export function EarlierGenerations({ generations }: { generations: ReportedGeneration[] }) {
  return (
    <div className="flex flex-col gap-2">
      {generations.map((g) => (
        <details key={g.generation} className="rounded-lg border border-kumo-line px-4 py-2">
          <summary className="min-h-6">
            <span className="font-medium">Generation {g.generation}</span>{' '}
            <span className="text-sm text-kumo-subtle">
              tier {g.tier}
              {g.round !== null && `, failed in round ${g.round}`}
              {g.reason && `: ${g.reason}`}
            </span>
          </summary>
          <div className="mt-3 mb-2">
            <Proposals of={g} />
          </div>
        </details>
      ))}
    </div>
  );
}
