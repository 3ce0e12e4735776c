import { Button } from '@cloudflare/kumo/components/button';
import { Dialog, DialogDescription, DialogRoot, DialogTitle } from '@cloudflare/kumo/components/dialog';
import { Textarea } from '@cloudflare/kumo/components/input';
import { type FormEvent, type ReactNode, useState } from 'react';

export interface ConfirmTexts {
  title: string;
  /** What will happen. */
  description: string;
  confirm: string;
  /** The way out. */
  dismiss?: string;
  /** Prefilled; the log keeps it as the reason. */
  reason: string;
  destructive?: boolean;
}

interface Props extends ConfirmTexts {
  onClose(): void;
  onConfirm(reason: string): Promise<boolean>;
  /** False while something that stands in the dialog is still to be chosen. */
  ready?: boolean;
  /** Characters that the API takes. */
  maxReason?: number;
  children?: ReactNode;
}

/** An act of consequence: says what it does, asks why, and needs a second click. */
export function ConfirmDialog({
  title,
  description,
  confirm,
  dismiss = 'Leave it as it is',
  reason: initial,
  destructive = false,
  onClose,
  onConfirm,
  ready = true,
  maxReason = 2_000,
  children,
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
    <DialogRoot open onOpenChange={(next) => !next && onClose()}>
      <Dialog className="max-h-[90dvh] overflow-y-auto p-6" size="lg">
        <form onSubmit={submit}>
          <DialogTitle className="text-lg font-semibold">{title}</DialogTitle>
          <DialogDescription className="mt-2 text-kumo-subtle">{description}</DialogDescription>
          {children}
          <div className="mt-4">
            <Textarea
              label="Reason, kept in the log"
              value={reason}
              onValueChange={setReason}
              maxLength={maxReason}
              rows={3}
              required
            />
          </div>
          <div className="mt-6 flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>{dismiss}</Button>
            <Button
              type="submit"
              variant={destructive ? 'destructive' : 'primary'}
              loading={busy}
              disabled={!ready || reason.trim() === ''}
            >
              {confirm}
            </Button>
          </div>
        </form>
      </Dialog>
    </DialogRoot>
  );
}
