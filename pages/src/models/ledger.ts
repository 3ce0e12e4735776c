import type { LedgerEntry } from '#contract/ledger.ts';
import { eventHash } from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { eventText, type Roles } from './event-text.ts';

/** LEDG-4: what the explorer asks for; '' is any. It stands in the address. */
export interface LedgerFilter {
  q: string;
  type: string;
  severity: string;
  pipeline_id: string;
  agent_id: string;
  since: string;
  until: string;
}

export const FILTERS = ['q', 'type', 'severity', 'pipeline_id', 'agent_id', 'since', 'until'] as const;

export const filterOf = (params: URLSearchParams): LedgerFilter =>
  Object.fromEntries(FILTERS.map((name) => [name, params.get(name) ?? ''])) as unknown as LedgerFilter;

/** A day as `<input type="date">` gives it, as the API's time in UTC; the end of a span is the day after, because it is exclusive. */
function dayStart(day: string, add: number): string | undefined {
  const at = Date.parse(`${day}T00:00:00.000Z`);
  return Number.isNaN(at) ? undefined : new Date(at + add * 86_400_000).toISOString();
}

/** The filter as the API's query, without what is empty. */
export function queryOf(filter: LedgerFilter): Record<string, string> {
  const { since, until, ...same } = filter;
  const all = { ...same, since: dayStart(since, 0), until: dayStart(until, 1) };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])),
  );
}

/** Where the browser fetches the same as a file; the answer streams, so a million rows never stand in the page. */
export const exportAddress = (filter: LedgerFilter, format: 'csv' | 'jsonl'): string =>
  `/api/ledger/export?${new URLSearchParams({ ...queryOf(filter), format })}`;

/** LEDG-2: whether the row's content is what was hashed, found by this browser. */
export function matchesHash(entry: LedgerEntry): boolean {
  try {
    return eventHash(entry) === entry.hash;
  } catch {
    return false;
  }
}

const NO_ROLES: Roles = new Map();

/** One line for people. An event of the tenant's own log, or one of a newer server, shows by its name. */
export function entryText(entry: LedgerEntry): string {
  try {
    return eventText(entry as unknown as PipelineEvent, NO_ROLES);
  } catch {
    return entry.type.replaceAll('_', ' ');
  }
}

/** An event of the tenant's own log, not of a pipeline (LEDG-1). */
export const isAdministration = (entry: LedgerEntry): boolean => !entry.pipeline_id.startsWith('pl_');
