import { createContext, type ReactNode, use, useCallback, useMemo, useState } from 'react';
import { useNow } from '../components/clock.tsx';
import { type Alarm, alarmsOf } from '../models/incident.ts';
import { useLivePipelines } from './live-pipelines.tsx';

/** What this reader has put away; of this browser only, because hiding a banner settles nothing. */
const KEY = 'ags-hidden-incidents';
/** Ids that are remembered at most. */
const KEPT = 200;

interface Incidents {
  alarms: Alarm[];
  hide(violationId: string): void;
}

const IncidentsContext = createContext<Incidents>({ alarms: [], hide: () => undefined });

function remembered(): string[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(saved) ? saved.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** UI-5: the incidents that a banner tells on every page, from the one stream of the tenant. */
export function IncidentsProvider({ children }: { children: ReactNode }) {
  const { live } = useLivePipelines();
  const [hidden, setHidden] = useState(remembered);
  // Once a minute is often enough for a banner's age.
  const minute = Math.floor(useNow() / 60_000);

  const hide = useCallback((violationId: string) => {
    setHidden((before) => {
      const after = [...before, violationId].slice(-KEPT);
      try {
        localStorage.setItem(KEY, JSON.stringify(after));
      } catch {
        // Storage can be blocked; it is hidden then for as long as the page lives.
      }
      return after;
    });
  }, []);
  const alarms = useMemo(() => alarmsOf(live, new Set(hidden), minute * 60_000), [live, hidden, minute]);
  const value = useMemo(() => ({ alarms, hide }), [alarms, hide]);
  return <IncidentsContext value={value}>{children}</IncidentsContext>;
}

export const useIncidents = (): Incidents => use(IncidentsContext);
