import { useState } from 'react';
import type { Incident, Pipeline } from '#contract/pipeline.ts';
import { ags } from '../../api/client.ts';
import { useAct } from '../../api/use-act.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { firstChoice, type StopChoice, stopChoices, stopReason } from '../../models/stop.ts';

const send = (pipeline_id: string, { scope, id }: StopChoice, reason: string): Promise<unknown> =>
  scope === 'agent'
    ? ags.revoke({ pipeline_id, agent_id: id, reason })
    : ags.revoke({ pipeline_id: id, reason });

interface Props {
  pipeline: Pipeline;
  incident: Incident | null;
  onClose(): void;
}

/** UI-5: Stop, with its reason written and its scope chosen, so that the second click does it. */
export function StopDialog({ pipeline, incident, onClose }: Props) {
  const { act } = useAct();
  const choices = stopChoices(pipeline, incident);
  const [scope, setScope] = useState(firstChoice(choices)?.scope ?? null);
  const chosen = choices.find((c) => c.scope === scope && c.whyNot === null) ?? null;
  return (
    <ConfirmDialog
      title="Stop now"
      description="What is stopped cannot act from the moment this commits. Proposals, log and evidence stay."
      confirm="Stop"
      reason={stopReason(incident)}
      destructive
      ready={chosen !== null}
      onClose={onClose}
      onConfirm={(reason) =>
        chosen
          ? act(() => send(pipeline.pipeline_id, chosen, reason), 'Stopped: the gate is closed')
          : Promise.resolve(false)
      }
    >
      <fieldset className="mt-4">
        <legend className="mb-1 font-medium">What to stop</legend>
        <div className="overflow-hidden rounded-lg border border-kumo-line">
          {choices.map((c) => (
            <label
              key={c.scope}
              className="flex cursor-pointer gap-3 border-t border-kumo-line p-3 first:border-t-0 has-checked:bg-kumo-danger-tint has-disabled:cursor-default"
            >
              <input
                type="radio"
                name="scope"
                className="mt-1 size-4 shrink-0 accent-kumo-danger"
                checked={scope === c.scope}
                disabled={c.whyNot !== null}
                onChange={() => setScope(c.scope)}
              />
              <span className="min-w-0">
                <span className="block font-medium break-words">{c.label}</span>
                <span className="block text-sm text-kumo-subtle">{c.whyNot ?? c.does}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
    </ConfirmDialog>
  );
}
