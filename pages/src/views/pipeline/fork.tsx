import { Button } from '@cloudflare/kumo/components/button';
import { Dialog, DialogDescription, DialogRoot, DialogTitle } from '@cloudflare/kumo/components/dialog';
import { GitForkIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { ags, idempotencyKey } from '../../api/client.ts';
import { useAct } from '../../api/use-act.ts';
import { exact } from '../../models/format.ts';

/** PIPE-7: a pipeline of its own from the moment that is shown. */
export function Fork({ pipelineId, seq, text }: { pipelineId: string; seq: number; text: string }) {
  const { act, busy } = useAct();
  const [, navigate] = useLocation();
  /** The moment is kept while the dialog is open, though the run goes on behind it; its key makes a second click harmless. */
  const [at, setAt] = useState<{ seq: number; text: string; key: string } | null>(null);
  const fork = async (from: number, key: string) => {
    const done = await act(async () => {
      const { pipeline_id } = await ags.fork({ pipeline_id: pipelineId, at: from }, key);
      navigate(`/pipelines/${pipeline_id}`);
    }, 'Forked: this is the new pipeline');
    if (done) setAt(null);
  };
  return (
    <>
      <Button
        size="sm"
        variant="ghost"
        icon={GitForkIcon}
        aria-label="Fork from here"
        onClick={() => setAt({ seq, text, key: idempotencyKey() })}
      >
        <span className="hidden sm:inline">Fork from here</span>
      </Button>
      {at && (
        <DialogRoot open onOpenChange={(next) => !next && setAt(null)}>
          <Dialog className="p-6" size="lg">
            <DialogTitle className="text-lg font-semibold">Fork from event {exact(at.seq)}?</DialogTitle>
            <DialogDescription className="mt-2 text-kumo-subtle">
              A new pipeline begins with what was found, proposed and voted up to there. Tokens and approvals
              are asked for anew, its budget is its own, and no action is carried out twice. This run stays as
              it is.
            </DialogDescription>
            <p className="mt-3 rounded-lg bg-kumo-recessed p-3 text-sm break-words">{at.text}</p>
            <div className="mt-6 flex flex-wrap justify-end gap-2">
              <Button onClick={() => setAt(null)}>Cancel</Button>
              <Button variant="primary" loading={busy} onClick={() => void fork(at.seq, at.key)}>
                Fork
              </Button>
            </div>
          </Dialog>
        </DialogRoot>
      )}
    </>
  );
}
