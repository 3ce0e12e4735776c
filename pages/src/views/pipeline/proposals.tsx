import { Badge } from '@cloudflare/kumo/components/badge';
import { ScalesIcon, TrophyIcon } from '@phosphor-icons/react';
import type { ConsensusView, Orchestration, Proposal } from '#contract/pipeline.ts';
import type { Dissent } from '#domain/pipeline/event/blackboard.ts';
import { isEnded } from '#domain/pipeline/states.ts';
import { Citations } from '../../components/citation.tsx';
import { Clamp } from '../../components/clamp.tsx';
import { Nothing } from '../../components/nothing.tsx';
import { Prose, ProseLine } from '../../components/prose.tsx';
import { type ProposalColumn, proposalColumns } from '../../models/proposals.ts';
import { Minority } from './minority.tsx';
import { VoteLine } from './votes.tsx';

function Body({ proposal: p }: { proposal: Proposal }) {
  return (
    <>
      <Clamp what="proposal">
        <div className="text-sm leading-relaxed">
          <Prose text={p.body} />
        </div>
        {p.steps.length > 0 && (
          <ol className="mt-3 list-decimal space-y-1 pl-5 text-sm">
            {p.steps.map((step, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a revision's steps never reorder.
              <li key={i} className="break-words">
                <ProseLine text={step} />
              </li>
            ))}
          </ol>
        )}
        {p.taken.length > 0 && (
          <div className="mt-3 text-sm">
            <h4 className="font-medium">Taken from others</h4>
            <ul className="mt-1 list-disc space-y-1 pl-5">
              {p.taken.map((t) => (
                <li key={`${t.proposal_id} ${t.revision} ${t.what}`} className="break-words">
                  {t.what} <span className="text-kumo-subtle">(revision {t.revision})</span>
                </li>
              ))}
            </ul>
          </div>
        )}
      </Clamp>
      <div className="mt-3">
        <Citations citations={p.citations} />
      </div>
    </>
  );
}

function Column({ column, passes }: { column: ProposalColumn; passes: boolean }) {
  const { latest: p, older, votes, earlier, won } = column;
  return (
    <li className={`panel min-w-0 p-4 ${won ? 'outline-2 outline-kumo-success' : ''}`}>
      <div className="flex flex-wrap items-center gap-2">
        <Badge variant="outline">{p.author}</Badge>
        <span className="text-sm text-kumo-subtle">
          revision {p.revision} · round {p.round}
        </span>
        <span className="ml-auto">
          {won ? (
            <Badge variant="success" icon={<TrophyIcon weight="fill" />}>
              Verdict
            </Badge>
          ) : (
            passes && <Badge variant="info">passing</Badge>
          )}
        </span>
      </div>
      <h3 className="mt-2 mb-2 font-semibold break-words text-kumo-strong">{p.title}</h3>
      <Body proposal={p} />
      <div className="mt-4 border-t border-kumo-line pt-3">
        <h4 className="mb-2 text-sm font-medium">Votes</h4>
        <p className="text-sm text-kumo-subtle">
          {p.author}, its author, approves it.
          {votes.length === 0 && ' No other seat has voted on this revision yet.'}
        </p>
        {votes.length > 0 && (
          <ul className="mt-2 flex flex-col gap-2.5">
            {votes.map((vote) => (
              <VoteLine key={vote.seq} vote={vote} />
            ))}
          </ul>
        )}
        {earlier.length > 0 && (
          <details className="mt-2">
            <summary className="min-h-6 text-sm text-kumo-link">Earlier votes ({earlier.length})</summary>
            <ul className="mt-2 flex flex-col gap-2.5">
              {earlier.map((vote) => (
                <VoteLine key={vote.seq} vote={vote} on={vote.revision} />
              ))}
            </ul>
          </details>
        )}
      </div>
      {older.map((revision) => (
        <details key={revision.revision} className="mt-2 border-t border-kumo-line pt-2">
          <summary className="min-h-6 text-sm text-kumo-link">
            Revision {revision.revision}: {revision.title}
          </summary>
          <div className="mt-2">
            <Body proposal={revision} />
          </div>
        </details>
      ))}
    </li>
  );
}

interface Props {
  run: Orchestration;
  consensus: ConsensusView;
  minority: readonly Dissent[];
}

/** CONS-1, CONS-8: the proposals side by side, each with the votes on its latest revision. */
export function Proposals({ run, consensus, minority }: Props) {
  const columns = proposalColumns(run.blackboard);
  const passing = new Set(
    consensus.proposals.filter((p) => p.passes).map((p) => `${p.proposal_id} ${p.revision}`),
  );
  return (
    <section aria-labelledby="proposals-title">
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-2">
        <h2 id="proposals-title" className="font-semibold text-kumo-strong">
          Proposals
        </h2>
        {columns.length > 0 && (
          <p className="text-sm text-kumo-subtle">
            Round {consensus.round} · passes with {consensus.quorum.needed} seats, two thirds, and no critical
            objection
            {consensus.conflicts > 0 && ` · ${consensus.conflicts} in conflict`}
          </p>
        )}
      </div>
      {columns.length === 0 ? (
        <div className="panel">
          <Nothing icon={ScalesIcon}>
            {isEnded(run.pipeline.state)
              ? 'The run ended before any proposal was written.'
              : 'ALPHA and BETA write their proposals in the first round.'}
          </Nothing>
        </div>
      ) : (
        <ul className="grid items-start gap-3 md:grid-cols-[repeat(auto-fit,minmax(16rem,1fr))]">
          {columns.map((column) => (
            <Column
              key={column.latest.proposal_id}
              column={column}
              passes={passing.has(`${column.latest.proposal_id} ${column.latest.revision}`)}
            />
          ))}
        </ul>
      )}
      <Minority dissent={minority} className="panel mt-3 p-4" />
    </section>
  );
}
