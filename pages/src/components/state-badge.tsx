import { Badge } from '@cloudflare/kumo/components/badge';
import type { Pipeline } from '#contract/pipeline.ts';
import { isEnded } from '#domain/pipeline/states.ts';

const WAITING_LABEL = {
  continue: 'waits for you',
  approval: 'waits for approval',
  fallback: 'needs a decision',
  credentials: 'waits for Vault',
  resume: 'paused',
  queue: 'queued',
} as const;

/** State and, while it lives, what it waits for. Colour never speaks alone: the word is there too. */
export function StateBadge({ pipeline: p }: { pipeline: Pick<Pipeline, 'state' | 'waiting_for'> }) {
  const variant = p.state === 'COMPLETED' ? 'success' : p.state === 'FAILED' ? 'error' : 'info';
  return (
    <span className="inline-flex flex-wrap items-center gap-1">
      <Badge variant={variant}>{p.state}</Badge>
      {p.waiting_for && !isEnded(p.state) && <Badge variant="warning">{WAITING_LABEL[p.waiting_for]}</Badge>}
    </span>
  );
}
