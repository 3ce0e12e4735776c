import { Button } from '@cloudflare/kumo/components/button';
import { Dialog, DialogDescription, DialogRoot, DialogTitle } from '@cloudflare/kumo/components/dialog';
import { Textarea } from '@cloudflare/kumo/components/input';
import { type FormEvent, useState } from 'react';

interface Props {
  open: boolean;
  onClose(): void;
  title: string;
  description: string;
  confirm: string;
  /** Prefilled; the log keeps it as the reason. */
  reason: string;
  onConfirm(reason: string): Promise<boolean>;
}

/** A destructive act: says what it does, asks why, and needs a second click. */
export function ConfirmDialog({
  open,
  onClose,
  title,
  description,
  confirm,
  reason: initial,
  onConfirm,
}: Props) {
  const [reason, setReason] = useState(initial);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const done = await onConfirm(reason.trim());
    setBusy(false);
    if (done) onClose();
  };
  return (
    <DialogRoot open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog className="p-6" size="lg">
        <form onSubmit={submit}>
          <DialogTitle className="text-lg font-semibold">{title}</DialogTitle>
          <DialogDescription className="mt-2 text-kumo-subtle">{description}</DialogDescription>
          <div className="mt-4">
            <Textarea
              label="Reason, kept in the log"
              value={reason}
              onValueChange={setReason}
              maxLength={2_000}
              rows={3}
              required
            />
          </div>
          <div className="mt-6 flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>Keep it running</Button>
            <Button type="submit" variant="destructive" loading={busy} disabled={reason.trim() === ''}>
              {confirm}
            </Button>
          </div>
        </form>
      </Dialog>
    </DialogRoot>
  );
}
