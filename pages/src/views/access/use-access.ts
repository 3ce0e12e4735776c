import type { Key, Project, Subject } from '#client/index.ts';
import { ags } from '../../api/client.ts';
import { useResource } from '../../api/use-resource.ts';

export interface Access {
  keys: Key[];
  people: Subject[];
  projects: Project[];
}

/** TEN-1, TEN-2, TEN-5: the three lists, which name each other. */
export const useAccess = () =>
  useResource<Access>('access', async () => {
    const [keys, people, projects] = await Promise.all([ags.keys(), ags.people(), ags.projects()]);
    return { keys: keys.items, people: people.items, projects: projects.items };
  });
