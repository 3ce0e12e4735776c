import type { Client } from '#client/index.ts';
import { type Connection, clientOf, findConnection } from './connection/connect.ts';
import { createScreen, type Screen, type Sink } from './terminal/terminal.ts';

export interface Surroundings {
  env: NodeJS.ProcessEnv;
  cwd: string;
  stdin: NodeJS.ReadStream;
  stdout: Sink;
  stderr: Sink;
}

export interface GlobalOptions {
  json: boolean;
  profile: string | undefined;
  /** False with `--no-color`. */
  color: boolean;
}

/** What every handler gets. Results go to `out`, everything that is only for the person watching to `notes`. */
export interface Context extends Surroundings {
  json: boolean;
  profile: string | undefined;
  out: Screen;
  notes: Screen;
  connection(): Connection;
  client(): Client;
  /** The result: one JSON document with `--json`, otherwise lines for people. */
  emit(document: unknown, lines: () => string[]): void;
}

export function createContext(surroundings: Surroundings, options: GlobalOptions): Context {
  const { env, stdout, stderr } = surroundings;
  const out = createScreen(stdout, env, options.color);
  const notes = createScreen(stderr, env, options.color);
  let connection: Connection | undefined;
  const connect = () => (connection ??= findConnection({ profile: options.profile, env }));
  return {
    ...surroundings,
    json: options.json,
    profile: options.profile,
    out,
    notes,
    connection: connect,
    client: () => clientOf(connect()),
    emit: (document, lines) => {
      if (options.json) out.print(JSON.stringify(document, null, 2));
      else out.print(...lines());
    },
  };
}
