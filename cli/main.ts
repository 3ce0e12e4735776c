import { VERBS } from './commands/index.ts';
import { createContext, type Surroundings } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

const OWN: Surroundings = {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
};

/** The whole program: a command line in, an exit code out. */
export async function main(argv: readonly string[], surroundings: Surroundings = OWN): Promise<ExitCode> {
  // `ags … | head` closes the pipe early; that is not an error of ours.
  if (surroundings === OWN)
    process.stdout.on('error', (error: NodeJS.ErrnoException) =>
      process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.error),
    );
  let context = createContext(surroundings, {
    json: argv.includes('--json'),
    profile: undefined,
    color: true,
  });
  const program = createProgram(VERBS, surroundings.stdout, surroundings.stderr);
  try {
    return await program.run(argv, (options) => {
      context = createContext(surroundings, options);
      return context;
    });
  } catch (error) {
    return reportError(context, error);
  }
}
