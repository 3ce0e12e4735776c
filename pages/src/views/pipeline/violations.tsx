import { Banner } from '@cloudflare/kumo/components/banner';
import { ShieldWarningIcon } from '@phosphor-icons/react';
import type { Orchestration } from '#contract/pipeline.ts';
import { atLeast } from '#domain/governance/severity.ts';
import { timeOfDay } from '../../models/format.ts';

type Violation = Orchestration['violations'][number];

/** ENF-7: what was broken, where, and what followed; the newest first. */
export function Violations({ violations }: { violations: Violation[] }) {
  const newest = violations.at(-1);
  if (!newest) return null;
  const more = violations.length - 1;
  return (
    <Banner
      variant={atLeast(newest.severity, 'high') ? 'error' : 'alert'}
      icon={<ShieldWarningIcon weight="fill" />}
      title={`${newest.severity.toUpperCase()} violation: ${newest.rule}`}
      description={
        <>
          <span className="block break-words">{newest.evidence}</span>
          <span className="block">
            {newest.consequence} · {timeOfDay(newest.at)}
            {more > 0 && ` · ${more} earlier`}
          </span>
        </>
      }
    />
  );
}
