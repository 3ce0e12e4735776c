import { Button } from '@cloudflare/kumo/components/button';
import { Dialog, DialogDescription, DialogRoot, DialogTitle } from '@cloudflare/kumo/components/dialog';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type Failure, failureOf } from '../api/client.ts';
import { FailureBanner } from './failure.tsx';

interface Props {
  title: string;
  description: string;
  confirm: string;
  ready: boolean;
  onClose(): void;
  /** Closes the dialog when it is done; a refusal stays in it, with what was filled in. */
  onSubmit(): Promise<void>;
  children: ReactNode;
}

/** A few fields and what they do. */
export function FormDialog({ title, description, confirm, ready, onClose, onSubmit, children }: Props) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      await onSubmit();
      onClose();
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <DialogRoot open onOpenChange={(next) => !next && onClose()}>
      <Dialog className="max-h-[90dvh] overflow-y-auto p-6" size="lg">
        <form onSubmit={submit}>
          <DialogTitle className="text-lg font-semibold">{title}</DialogTitle>
          <DialogDescription className="mt-2 text-kumo-subtle">{description}</DialogDescription>
          <div className="mt-4 flex flex-col gap-4">
            {failure && <FailureBanner failure={failure} />}
            {children}
          </div>
          <div className="mt-6 flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="primary" loading={busy} disabled={!ready}>
              {confirm}
            </Button>
          </div>
        </form>
      </Dialog>
    </DialogRoot>
  );
}
