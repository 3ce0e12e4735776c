import { Button } from '@cloudflare/kumo/components/button';
import { useState } from 'react';
import type { ActionRecord } from '#contract/pipeline.ts';
import { ags } from '../../api/client.ts';
import { useCaller } from '../../api/session.tsx';
import { useAct } from '../../api/use-act.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { mayOperate } from '../../models/controls.ts';

const TEXTS = {
  succeeded: {
    confirm: 'It happened',
    description: 'The run goes on as if the tool had answered with success. It is never carried out again.',
    reason: 'Seen on the other side: it arrived',
  },
  failed: {
    confirm: 'It did not happen',
    description: 'The agent is told that it failed, and may ask for it again through the gate.',
    reason: 'Seen on the other side: nothing arrived',
  },
} as const;
type Outcome = keyof typeof TEXTS;

/** REC-6: an action that began and was not heard of again is settled by who looks, never by trying again. */
export function UnknownOutcome({ action: a }: { action: ActionRecord }) {
  const caller = useCaller();
  const { act } = useAct();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  return (
    <div className="mt-2 rounded-lg bg-kumo-warning-tint p-3">
      <p className="text-sm">
        It began, and nobody knows how it ended. It is not tried again by itself:{' '}
        {mayOperate(caller) ? 'look whether it happened, and say so.' : 'an operator looks and says so.'}
      </p>
      {mayOperate(caller) && (
        <div className="mt-2 flex flex-wrap gap-2">
          {(['succeeded', 'failed'] as const).map((value) => (
            <Button key={value} size="sm" onClick={() => setOutcome(value)}>
              {TEXTS[value].confirm}
            </Button>
          ))}
        </div>
      )}
      {outcome && (
        <ConfirmDialog
          {...TEXTS[outcome]}
          title={`${TEXTS[outcome].confirm}: ${a.tool}${a.target ? ` on ${a.target}` : ''}`}
          onClose={() => setOutcome(null)}
          onConfirm={(reason) =>
            act(() => ags.resolveAction(a.action_id, { status: outcome, reason }), 'Outcome recorded')
          }
        />
      )}
    </div>
  );
}
