import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { main } from '#cli/main.ts';

export interface Run {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Shell {
  home: string;
  env: NodeJS.ProcessEnv;
  /** Runs one command line inside this process, with a home of its own. */
  ags(...argv: string[]): Promise<Run>;
  agsWith(
    more: { stdin?: string; env?: NodeJS.ProcessEnv; isTTY?: boolean },
    ...argv: string[]
  ): Promise<Run>;
  write(name: string, text: string): string;
  remove(): void;
}

export function newShell(env: NodeJS.ProcessEnv = {}): Shell {
  const home = mkdtempSync(join(tmpdir(), 'ags-cli-'));
  const own: NodeJS.ProcessEnv = { HOME: home, AGS_CONFIG_HOME: join(home, 'config'), ...env };
  const agsWith: Shell['agsWith'] = async (more, ...argv) => {
    let stdout = '';
    let stderr = '';
    const exitCode = await main(argv, {
      env: { ...own, ...more.env },
      cwd: home,
      stdin: Readable.from([more.stdin ?? '']) as unknown as NodeJS.ReadStream,
      stdout: { write: (text: string) => (stdout += text), isTTY: more.isTTY, columns: 100 },
      stderr: { write: (text: string) => (stderr += text), isTTY: more.isTTY, columns: 100 },
    });
    return { exitCode, stdout, stderr };
  };
  return {
    home,
    env: own,
    ags: (...argv) => agsWith({}, ...argv),
    agsWith,
    write(name, text) {
      const path = join(home, name);
      writeFileSync(path, text);
      return path;
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
