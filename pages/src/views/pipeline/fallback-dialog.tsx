import { Checkbox } from '@cloudflare/kumo/components/checkbox';
import { useState } from 'react';
import type { ConsensusView, Orchestration } from '#contract/pipeline.ts';
import type { Fallback } from '#domain/pipeline/states.ts';
import { ags } from '../../api/client.ts';
import { saveFile } from '../../api/save-file.ts';
import { useAct } from '../../api/use-act.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { type Choice, choicesOf, fallbackText, tallyText } from '../../models/fallback-text.ts';

/** REC-1: the server streams the file; its name is the pipeline's id. */
export async function downloadLog(pipelineId: string, reason: string): Promise<void> {
  const response = await ags.downloadLog(pipelineId, reason);
  saveFile(`${pipelineId}.json`, await response.blob(), 'application/json');
}

interface ChoiceProps {
  choices: Choice[];
  picked: string;
  onPick(key: string): void;
}

function ProposalChoice({ choices, picked, onPick }: ChoiceProps) {
  return (
    <fieldset className="mt-4">
      <legend className="mb-1 font-medium">Which proposal</legend>
      <div className="max-h-72 overflow-y-auto rounded-lg border border-kumo-line">
        {choices.map(({ key, proposal: p, tally }) => (
          <label
            key={key}
            className="flex cursor-pointer gap-3 border-t border-kumo-line p-3 first:border-t-0 has-checked:bg-kumo-info-tint"
          >
            <input
              type="radio"
              name="proposal"
              className="mt-1 size-4 shrink-0 accent-kumo-brand"
              checked={picked === key}
              onChange={() => onPick(key)}
            />
            <span className="min-w-0">
              <span className="block font-medium break-words">{p.title}</span>
              <span className="block text-sm text-kumo-subtle">
                {p.author}, revision {p.revision} · {tallyText(tally)}
              </span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface Props {
  action: Fallback;
  run: Orchestration;
  consensus: ConsensusView;
  onClose(): void;
}

/** REC-1: each fallback with its own confirmation; accepting a proposal names it and wants a tick besides. */
export function FallbackDialog({ action, run, consensus, onClose }: Props) {
  const { act } = useAct();
  const { pipeline_id, plan_name, number, tier } = run.pipeline;
  const text = fallbackText(action, tier);
  const choices = choicesOf(run.blackboard.proposals, consensus.proposals);
  const [picked, setPicked] = useState(choices[0]?.key ?? '');
  const [confirmed, setConfirmed] = useState(false);
  const accepts = action === 'accept_partial';
  const chosen = choices.find((c) => c.key === picked)?.proposal;

  const send = (reason: string): Promise<unknown> => {
    if (action === 'download_log') return downloadLog(pipeline_id, reason);
    const named =
      accepts && chosen
        ? { proposal_id: chosen.proposal_id, revision: chosen.revision, confirm: confirmed }
        : {};
    return ags.fallback({ pipeline_id, action, reason, ...named });
  };
  return (
    <ConfirmDialog
      title={`${text.label}: ${plan_name} #${number}`}
      description={text.does}
      confirm={text.confirm}
      reason={text.reason}
      ready={!accepts || (confirmed && chosen !== undefined)}
      onClose={onClose}
      onConfirm={(reason) => act(() => send(reason), text.done)}
    >
      {accepts && (
        <>
          <ProposalChoice
            choices={choices}
            picked={picked}
            onPick={(key) => {
              setPicked(key);
              setConfirmed(false);
            }}
          />
          {chosen && (
            <div className="mt-4">
              <Checkbox
                label={`Complete with “${chosen.title}” (${chosen.author}, revision ${chosen.revision}), although it did not reach consensus`}
                checked={confirmed}
                onCheckedChange={setConfirmed}
              />
            </div>
          )}
        </>
      )}
    </ConfirmDialog>
  );
}
