import { Button } from '@cloudflare/kumo/components/button';
import { Dialog, DialogDescription, DialogRoot, DialogTitle } from '@cloudflare/kumo/components/dialog';
import type { KillResult } from '#contract/enforcement.ts';
import { timeOfDay } from '../../models/format.ts';

/** ENF-6: from when on nothing is authorised, what was let through before, and who has not answered yet. */
export function Stopped({ result: r, onClose }: { result: KillResult; onClose(): void }) {
  return (
    <DialogRoot open onOpenChange={(next) => !next && onClose()}>
      <Dialog className="max-h-[90dvh] overflow-y-auto p-6" size="lg">
        <DialogTitle className="text-lg font-semibold">Stopped</DialogTitle>
        <DialogDescription className="mt-2">
          Nothing new has been authorised there since {timeOfDay(r.effective_at)}.
        </DialogDescription>
        <h3 className="mt-4 font-medium">In flight</h3>
        {r.in_flight.length === 0 ? (
          <p className="text-sm text-kumo-subtle">No action had been let through without an outcome.</p>
        ) : (
          <ul className="mt-1 flex flex-col gap-1 text-sm">
            {r.in_flight.map((a) => (
              <li key={a.action_id} className="break-all">
                <span className="font-mono font-semibold">{a.tool}</span>
                {a.target && <span className="font-mono"> → {a.target}</span>}
                <span className="text-kumo-subtle">
                  {' '}
                  allowed at {timeOfDay(a.admitted_at)}, outcome not known yet
                </span>
              </li>
            ))}
          </ul>
        )}
        <h3 className="mt-4 font-medium">Not yet acknowledged</h3>
        <p className="text-sm break-all text-kumo-subtle">
          {r.unacknowledged.length === 0
            ? 'Everything in its scope has answered.'
            : `${r.unacknowledged.join(', ')}. Their permits end within 5 seconds, and nothing is authorised without one.`}
        </p>
        <div className="mt-6 flex justify-end">
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </Dialog>
    </DialogRoot>
  );
}
