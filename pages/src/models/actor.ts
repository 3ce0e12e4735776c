import type { Caller } from '#contract/access.ts';
import { actorOf } from './controls.ts';

const KNOWN: Record<string, string> = { 'platform:admin': 'the platform’s admin' };
const NOBODY: ReadonlyMap<string, string> = new Map();

/** Who acted, for people: `person:ps_1` is “you” to ps_1, and a name to whoever may know the names. */
export function actorName(actor: string, caller: Caller, names = NOBODY): string {
  if (actor === actorOf(caller)) return 'you';
  const id = actor.replace(/^\w+:/, '');
  return KNOWN[actor] ?? names.get(id) ?? id;
}
