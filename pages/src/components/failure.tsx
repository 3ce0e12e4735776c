import { Banner } from '@cloudflare/kumo/components/banner';
import { Button } from '@cloudflare/kumo/components/button';
import { WarningCircleIcon } from '@phosphor-icons/react';
import type { Failure } from '../api/client.ts';

/** An error with what to do next and, for support, its trace id. */
export function FailureBanner({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  return (
    <div role="alert">
      <Banner
        variant="error"
        icon={<WarningCircleIcon weight="fill" />}
        title={failure.title}
        description={
          <>
            {failure.detail}
            {failure.trace && <span className="block font-mono text-xs">trace {failure.trace}</span>}
          </>
        }
        action={
          onRetry && (
            <Button size="sm" onClick={onRetry}>
              Try again
            </Button>
          )
        }
      />
    </div>
  );
}
