/** CLI-1: what the program's exit codes mean. 0 to 3 are a pipeline's own (PIPE-1); the others follow sysexits.h. */
export const EXIT = {
  ok: 0,
  error: 1,
  /** The command line, the configuration or a local file is wrong. */
  usage: 64,
  /** A check found something: `--fail-on`, `plan check`. */
  findings: 65,
  /** Nobody answered, or the service is in trouble. */
  unreachable: 69,
  /** The API understood and said no. */
  refused: 77,
  interrupted: 130,
} as const;
export type ExitCode = number;

export const EXIT_HELP = `Exit codes:
  0-3   with --wait: the pipeline's own (0 success, 1 error, 2 no consensus, 3 handed over)
  64    usage: the command line, a profile or a local file is wrong
  65    findings: --fail-on matched, or the plan has errors
  69    unreachable: nobody answered
  77    refused: the API said no`;

/** Ends the command with a message for people, a hint about the next step, and an exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly hint: string | null;
  /** Lines that go below the message as they are, e.g. a plan's errors. */
  readonly details: string[];

  constructor(exitCode: ExitCode, message: string, hint: string | null = null, details: string[] = []) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
    this.details = details;
  }
}

export const usageError = (message: string, hint: string | null = null): CliError =>
  new CliError(EXIT.usage, message, hint);
