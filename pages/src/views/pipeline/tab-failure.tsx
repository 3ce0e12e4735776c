import { Button } from '@cloudflare/kumo/components/button';
import { DownloadSimpleIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';
import type { ConsensusView, Orchestration } from '#contract/pipeline.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { ags } from '../../api/client.ts';
import { useActorName } from '../../api/names.tsx';
import { saveFile } from '../../api/save-file.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { Prose, ProseLine } from '../../components/prose.tsx';
import { mayOperate } from '../../models/controls.ts';
import { currentGeneration, earlierGenerations } from '../../models/failure-report.ts';
import { fallbackText } from '../../models/fallback-text.ts';
import { dateTime, plural } from '../../models/format.ts';
import { reasonText } from '../../models/outcome-text.ts';
import { downloadLog } from './fallback-dialog.tsx';
import { EarlierGenerations, Proposals } from './generation.tsx';

const sentenceCase = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <h3 className="mb-2 font-semibold text-kumo-strong">{title}</h3>
    {children}
  </section>
);

function Downloads({ pipelineId }: { pipelineId: string }) {
  const caller = useCaller();
  const { act, busy } = useAct();
  const handoff = async () => {
    const { markdown } = await ags.handoff(pipelineId);
    saveFile(`${pipelineId}-handoff.md`, markdown, 'text/markdown');
  };
  const log = () => downloadLog(pipelineId, 'Review by hand');
  return (
    <div className="flex flex-wrap gap-2">
      <Button icon={DownloadSimpleIcon} disabled={busy} onClick={() => void act(handoff, 'Report saved')}>
        Handoff report (Markdown)
      </Button>
      {mayOperate(caller) && (
        <Button icon={DownloadSimpleIcon} disabled={busy} onClick={() => void act(log, 'Log saved')}>
          Whole log (JSON)
        </Button>
      )}
    </div>
  );
}

function Decisions({ run, state }: { run: Orchestration; state: PipelineState }) {
  const who = useActorName();
  const made = [
    ...run.recovery.fallbacks.map((f) => ({
      ...f,
      what: fallbackText(f.action, run.pipeline.tier).label.replace(/ at tier \d/, ' at a higher tier'),
    })),
    ...state.approvals
      .filter((a) => a.status !== 'pending')
      .map((a) => ({
        seq: a.seq,
        at: a.at,
        by: a.decided_by ?? 'nobody',
        what: `${a.action === 'run_action' ? a.tool : `Tier ${a.tier}`} ${a.status === 'approve' ? 'approved' : a.status === 'deny' ? 'denied' : 'not decided in time'}`,
        reason: a.decision_reason ?? '',
      })),
  ].toSorted((a, b) => a.seq - b.seq);
  if (made.length === 0)
    return <p className="text-sm text-kumo-subtle">Nobody has decided anything about it.</p>;
  return (
    <ol className="flex flex-col gap-2 text-sm">
      {made.map((d) => (
        <li key={`${d.seq} ${d.what}`} className="break-words">
          <span className="font-medium">{d.what}</span> by {who(d.by)}: {d.reason}{' '}
          <span className="whitespace-nowrap text-kumo-subtle tabular">({dateTime(d.at)})</span>
        </li>
      ))}
    </ol>
  );
}

function Synthesis({ recovery: { synthesis: s, trigger, detail } }: { recovery: Orchestration['recovery'] }) {
  if (!trigger) return null;
  return (
    <Part title="What goes to the successor">
      <p className="mb-2 text-sm text-kumo-subtle">
        The run was ended early ({trigger.replaceAll('_', ' ')}
        {detail && `: ${detail}`}).{' '}
        {s
          ? s.agent_id
            ? 'GAMMA put this together from what there was:'
            : 'Put together by rule, without a model, from what there was:'
          : 'Its synthesis is being written.'}
      </p>
      {s && (
        <div className="border-l-2 border-kumo-line pl-4">
          <h4 className="font-semibold break-words">
            <ProseLine text={s.title} />
          </h4>
          <div className="mt-1 text-sm leading-relaxed">
            <Prose text={s.body} />
          </div>
          {s.steps.length > 0 && (
            <ol className="mt-2 list-decimal space-y-1 pl-5 text-sm">
              {s.steps.map((step, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a synthesis never changes.
                <li key={i}>
                  <ProseLine text={step} />
                </li>
              ))}
            </ol>
          )}
        </div>
      )}
    </Part>
  );
}

interface Props {
  run: Orchestration;
  state: PipelineState;
  consensus: ConsensusView;
}

/** CONS-9, REC-4: a failed or handed-over run, told from its objective to what was decided. */
export function FailureTab({ run, state, consensus }: Props) {
  const now = currentGeneration(state, run, consensus);
  const before = earlierGenerations(state);
  const why = state.failure?.reason ?? state.outcome?.detail ?? state.recovery?.detail ?? null;
  return (
    <div className="grid gap-x-8 gap-y-6 lg:grid-cols-3">
      <div className="flex min-w-0 flex-col gap-6 lg:col-span-2">
        <Part title="What was to be decided">
          <p className="break-words">
            <ProseLine text={run.pipeline.objective} />
          </p>
        </Part>
        <Part title={state.outcome || state.failure ? 'Why there is no result' : 'Where it stands'}>
          <p className="break-words">
            {state.outcome && `${sentenceCase(reasonText(state.outcome.reason))}. `}
            {why && <ProseLine text={sentenceCase(why)} />}
            {!state.outcome && !why && 'This generation is still at work.'}
          </p>
          {consensus.proposals.length > 0 && (
            <p className="mt-1 text-sm text-kumo-subtle tabular">
              {plural(consensus.conflicts, 'proposal')} in conflict, {consensus.quorum.voted} of{' '}
              {plural(consensus.quorum.seats.length, 'seat')} voted in round {consensus.round}.
            </p>
          )}
        </Part>
        <Part title={before.length > 0 ? `What generation ${now.generation} proposed` : 'What was proposed'}>
          <Proposals of={now} />
        </Part>
        {before.length > 0 && (
          <Part title="Earlier generations">
            <EarlierGenerations generations={before} />
          </Part>
        )}
        <Synthesis recovery={run.recovery} />
      </div>
      <div className="flex min-w-0 flex-col gap-6">
        <Part title="Take it along">
          <Downloads pipelineId={run.pipeline.pipeline_id} />
        </Part>
        <Part title="Decided since">
          <Decisions run={run} state={state} />
        </Part>
      </div>
    </div>
  );
}
