import type { Erasure } from '#client/index.ts';
import type { LedgerEntry } from '#contract/ledger.ts';
import { isErased } from '../models/erasures.ts';
import { ags } from './client.ts';
import { useCaller } from './session.tsx';
import { useResource } from './use-resource.ts';

/** Words that are read at most: beyond them an entry says that it was erased, and not by whom. */
const AT_MOST = 1_000;
const PER_PAGE = 100;
const NONE: readonly Erasure[] = [];

async function newest(): Promise<Erasure[]> {
  const found: Erasure[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ags.erasures({ limit: PER_PAGE, cursor });
    found.push(...page.items);
    if (page.next_cursor === null || found.length >= AT_MOST) return found;
    cursor = page.next_cursor;
  }
}

/** LEDG-2: who erased what, for those who may know (TEN-2); asked for only where something of these was erased. */
export function useErasures(entries: readonly LedgerEntry[]): readonly Erasure[] {
  const { role, project_ids } = useCaller();
  const may = (role === 'admin' || role === 'auditor') && project_ids === null;
  const erased = entries.filter(isErased).length;
  const asked = useResource(`erasures ${erased}`, newest, { enabled: may && erased > 0, stay: true });
  return asked.data ?? NONE;
}
