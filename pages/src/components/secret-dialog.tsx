import { Button } from '@cloudflare/kumo/components/button';
import { Dialog, DialogDescription, DialogRoot, DialogTitle } from '@cloudflare/kumo/components/dialog';
import { CheckIcon, CopyIcon } from '@phosphor-icons/react';
import { useState } from 'react';

interface Props {
  title: string;
  description: string;
  secret: string;
  onClose(): void;
}

/** TEN-2: a secret that is shown this once. Only its own button closes it, so that a stray click does not lose it. */
export function SecretDialog({ title, description, secret, onClose }: Props) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      setCopied(true);
    } catch {
      // Without a secure origin there is no clipboard; the text can be selected instead.
      setCopied(false);
    }
  };
  return (
    <DialogRoot open disablePointerDismissal onOpenChange={(next) => !next && onClose()}>
      <Dialog className="p-6" size="lg">
        <DialogTitle className="text-lg font-semibold">{title}</DialogTitle>
        <DialogDescription className="mt-2 text-kumo-subtle">{description}</DialogDescription>
        <output className="mt-4 block rounded-lg border border-kumo-line bg-kumo-recessed p-3 font-mono text-sm break-all select-all">
          {secret}
        </output>
        <div className="mt-6 flex flex-wrap justify-end gap-2">
          <Button icon={copied ? CheckIcon : CopyIcon} onClick={() => void copy()}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
          <Button variant="primary" onClick={onClose}>
            I have kept it
          </Button>
        </div>
      </Dialog>
    </DialogRoot>
  );
}
