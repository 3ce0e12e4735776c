import type { Caller } from '#contract/access.ts';
import { actorOf } from './controls.ts';

const KNOWN: Record<string, string> = { 'platform:admin': 'the platform’s admin' };

/** Who acted, for people: `person:ps_1` is “you” to ps_1. */
export const actorName = (actor: string, caller: Caller): string =>
  actor === actorOf(caller) ? 'you' : (KNOWN[actor] ?? actor.replace(/^\w+:/, ''));
