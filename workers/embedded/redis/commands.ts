import { collectionCommands } from './collections.ts';
import { genericCommands } from './generic.ts';
import type { Keyspace } from './keyspace.ts';
import { RedisError, type Reply, wrongArity } from './reply.ts';
import { sortedSetCommands } from './sorted-sets.ts';
import { stringCommands } from './strings.ts';

export interface Command {
  /** Redis's convention: the command name counts; negative means at least. */
  arity: number;
  run: (space: Keyspace, args: string[]) => Reply;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({ ...genericCommands, ...stringCommands, ...collectionCommands, ...sortedSetCommands }),
);

/** The command behind the words, checked for name and arity as Redis does before it queues one. */
export function resolve(words: string[]): Command {
  const [name = '', ...args] = words;
  const command = COMMANDS.get(name.toUpperCase());
  if (!command) {
    const shown = args.map((arg) => `'${arg}' `).join('');
    throw new RedisError(`ERR unknown command '${name}', with args beginning with: ${shown}`.slice(0, 160));
  }
  const fits = command.arity < 0 ? words.length >= -command.arity : words.length === command.arity;
  if (!fits) throw wrongArity(name);
  return command;
}

export const execute = (space: Keyspace, words: string[]): Reply => resolve(words).run(space, words.slice(1));
