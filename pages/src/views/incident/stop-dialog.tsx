import { useState } from 'react';
import type { KillResult } from '#contract/enforcement.ts';
import type { Incident, Pipeline } from '#contract/pipeline.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { firstChoice, type StopChoice, stopChoices, stopReason } from '../../models/stop.ts';
import { ScopeChoice } from './scope-choice.tsx';
import { Stopped } from './stopped.tsx';

interface AskProps {
  choices: readonly StopChoice[];
  reason: string;
  onClose(): void;
  onStopped?(): void;
}

/** ENF-6: throws a kill switch, then says what it caught. */
export function AskStop({ choices, reason: prefilled, onClose, onStopped }: AskProps) {
  const { act } = useAct();
  const [scope, setScope] = useState(firstChoice(choices)?.scope ?? null);
  const [result, setResult] = useState<KillResult | null>(null);
  const chosen = choices.find((c) => c.scope === scope && c.whyNot === null) ?? null;
  if (result) return <Stopped result={result} onClose={onClose} />;
  const stop = async (reason: string): Promise<boolean> => {
    if (!chosen) return false;
    const done = await act(async () => {
      setResult(await ags.throwKillSwitch({ scope: chosen.scope, id: chosen.id, reason }));
    }, 'Stopped');
    if (done) onStopped?.();
    // What was caught is shown in place of the question.
    return false;
  };
  return (
    <ConfirmDialog
      title="Stop now"
      description="What is stopped cannot act from the moment this commits. Proposals, log and evidence stay."
      confirm="Stop"
      reason={prefilled}
      destructive
      ready={chosen !== null}
      onClose={onClose}
      onConfirm={stop}
    >
      <ScopeChoice choices={choices} scope={scope} onChange={setScope} />
    </ConfirmDialog>
  );
}

interface Props {
  pipeline: Pipeline;
  incident: Incident | null;
  onClose(): void;
}

/** UI-5: Stop, with its reason written and its scope chosen, so that the second click does it. */
export function StopDialog({ pipeline, incident, onClose }: Props) {
  const caller = useCaller();
  const projects = useResource('projects', () => ags.projects());
  const name = projects.data?.items.find((p) => p.project_id === pipeline.project_id)?.name;
  return (
    <AskStop
      choices={stopChoices(pipeline, incident, caller, name)}
      reason={stopReason(incident)}
      onClose={onClose}
    />
  );
}
