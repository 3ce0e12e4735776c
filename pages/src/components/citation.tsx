import { Popover } from '@cloudflare/kumo/components/popover';
import { QuotesIcon } from '@phosphor-icons/react';
import type { CitationDraft } from '#domain/agents/output.ts';
import { readLocator, shortLocator } from '../models/locator.ts';

function LocatorText({ locator }: { locator: string }) {
  const read = readLocator(locator);
  if (read.kind === 'line' || read.kind === 'text') return <>{read.text}</>;
  return (
    <>
      {read.parts.map((part, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of a path have no identity but their place.
        <span key={i}>
          {i > 0 && <span className="text-kumo-subtle"> › </span>}
          {part}
        </span>
      ))}
    </>
  );
}

/** A planner's citations have no hash yet. */
type Citation = CitationDraft & { sha256?: string };

/** CONS-1: a citation as a chip; opened, it shows the words that were found and where. */
export function CitationChip({ citation }: { citation: Citation }) {
  return (
    <Popover>
      <Popover.Trigger
        className="inline-flex min-h-6 max-w-full items-center gap-1 rounded-full border border-kumo-line bg-kumo-base px-2 text-left text-xs text-kumo-link hover:bg-kumo-tint"
        aria-label={`Citation: ${citation.source}, ${shortLocator(citation.locator)}`}
      >
        <QuotesIcon size={12} aria-hidden="true" className="shrink-0" />
        <span className="truncate">
          <span className="text-kumo-subtle">{citation.source}</span> {shortLocator(citation.locator)}
        </span>
      </Popover.Trigger>
      <Popover.Content className="max-w-[min(28rem,90vw)]">
        <Popover.Title className="break-all">{citation.source}</Popover.Title>
        <p className="mt-1 text-sm break-words">
          <LocatorText locator={citation.locator} />
        </p>
        {citation.quote ? (
          <blockquote className="mt-3 max-h-60 overflow-auto rounded-md border-l-4 border-kumo-line bg-kumo-recessed p-3 font-mono text-xs break-words whitespace-pre-wrap">
            {citation.quote}
          </blockquote>
        ) : (
          <p className="mt-3 text-sm text-kumo-subtle">The place is cited as a whole, without a quote.</p>
        )}
        {citation.sha256 && (
          <p className="mt-2 font-mono text-xs break-all text-kumo-subtle">sha256 {citation.sha256}</p>
        )}
      </Popover.Content>
    </Popover>
  );
}

/** One chip per place; an agent may cite one many times. */
const distinct = (citations: readonly Citation[]): Citation[] => [
  ...new Map(
    citations.map((c) => [
      `${c.source}
${c.locator}
${c.quote}`,
      c,
    ]),
  ).values(),
];

const Chips = ({ citations }: { citations: readonly Citation[] }) => (
  <ul className="flex flex-wrap gap-1.5" aria-label="Citations">
    {citations.map((c) => (
      <li
        key={`${c.source}
${c.locator}
${c.quote}`}
        className="max-w-full"
      >
        <CitationChip citation={c} />
      </li>
    ))}
  </ul>
);

/** The first `show` citations, and the others on request. */
export function Citations({ citations, show = 6 }: { citations: readonly Citation[]; show?: number }) {
  const all = distinct(citations);
  if (all.length === 0) return null;
  const more = all.slice(show);
  return (
    <div className="min-w-0">
      <Chips citations={all.slice(0, show)} />
      {more.length > 0 && (
        <details className="mt-1.5">
          <summary className="min-h-6 text-sm text-kumo-link">
            {more.length} more {more.length === 1 ? 'citation' : 'citations'}
          </summary>
          <div className="mt-1.5">
            <Chips citations={more} />
          </div>
        </details>
      )}
    </div>
  );
}
