import { createContext, type ReactNode, use, useMemo } from 'react';
import { actorName } from '../models/actor.ts';
import { ags } from './client.ts';
import { useCaller } from './session.tsx';
import { useResource } from './use-resource.ts';

const NamesContext = createContext<(actor: string) => string>((actor) => actor);

/** TEN-5: everything is done by somebody with a name; whoever may read the list of people is shown names instead of ids. */
export function NamesProvider({ children }: { children: ReactNode }) {
  const caller = useCaller();
  const may = (caller.role === 'admin' || caller.role === 'auditor') && caller.project_ids === null;
  const { data } = useResource('people', () => ags.people(), { enabled: may });
  const nameOf = useMemo(() => {
    const names = new Map(data?.items.map((p) => [p.subject_id, p.name]));
    return (actor: string) => actorName(actor, caller, names);
  }, [data, caller]);
  return <NamesContext value={nameOf}>{children}</NamesContext>;
}

/** Who acted, for people. */
export const useActorName = (): ((actor: string) => string) => use(NamesContext);
