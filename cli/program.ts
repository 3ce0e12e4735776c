import { Command, CommanderError, Option } from 'commander';
import type { Context, GlobalOptions } from './context.ts';
import { EXIT, EXIT_HELP, type ExitCode } from './exit.ts';
import type { Sink } from './terminal/terminal.ts';
import type { Verb } from './verb.ts';

/** What each group of verbs is about, for the help. */
export const NOUNS: Record<string, string> = {
  pipeline: 'Spawn, watch and decide about pipelines',
  stop: 'Kill switches: stop an agent, a pipeline, a project, the tenant, or all',
  agents: 'What agents have earned: tiers, their runs, promotion and demotion',
  evidence: 'Get, verify and read evidence packages',
  ledger: 'The tenant’s ledger and its signed log: query, export, keys, heads, audit',
  archive: 'What is older than the tenant keeps it, as evidence packages',
  plan: 'Check plans without running them',
  policy: 'What the gate judges by: check, try, publish, observe',
  mcp: 'MCP servers of your own behind the gate: their tools, and what is pinned of them',
  auth: 'Sign in, and see who you are',
  key: 'API keys: create, rotate, revoke',
  project: 'The tenant’s projects',
  quota: 'What the tenant may use, and how much of it is used',
  tenant: 'Tenants, for the platform’s own key',
};

const globals = (command: Command): Command =>
  command
    .addOption(new Option('--json', 'one JSON document on stdout; progress goes to stderr'))
    .addOption(new Option('--profile <name>', 'the deployment to talk to (AGS_PROFILE)'))
    .addOption(new Option('--no-color', 'plain text (NO_COLOR)'));

const examplesText = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`;

/** True when the option stands anywhere on the line, so that even a usage error knows how to show itself. */
const given = (argv: readonly string[], flag: string): boolean => {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes(flag);
};

export interface Program {
  command: Command;
  /** Runs one command line and gives its exit code. Usage errors are printed; other errors are thrown. */
  run(argv: readonly string[], context: (options: GlobalOptions) => Context): Promise<ExitCode>;
}

export function createProgram(verbs: readonly Verb[], out: Sink, err: Sink): Program {
  let exitCode: ExitCode = EXIT.ok;
  let contextFor: (options: GlobalOptions) => Context;

  const configure = (command: Command): Command =>
    globals(command)
      .exitOverride()
      .showSuggestionAfterError()
      .helpOption('-h, --help', 'this help')
      .helpCommand(false)
      .configureOutput({
        writeOut: (text) => void out.write(text),
        writeErr: (text) => void err.write(text),
      });

  const root = configure(new Command('ags'))
    .description('Run AI agents under rules, and prove what they did.')
    .showHelpAfterError('Run with --help to see what is possible.')
    .addHelpText(
      'after',
      `\n${EXIT_HELP}\n\nFirst steps:\n  $ npm start                     a local deployment, and profile "local"\n  $ ags run plan.yaml --wait      run a plan and wait for its verdict\n  $ ags doctor                    test each hop and get the fix`,
    );

  const groups = new Map<string, Command>();
  for (const verb of verbs) {
    const words = [...verb.path];
    let parent = root;
    if (words.length > 1) {
      const noun = words.shift()!;
      parent = groups.get(noun) ?? configure(root.command(noun).description(NOUNS[noun] ?? noun));
      groups.set(noun, parent);
    }
    const command = configure(parent.command(words[0]!).description(verb.description ?? verb.summary))
      .summary(verb.summary)
      .showHelpAfterError(`Run \`ags ${verb.path.join(' ')} --help\` for its options.`)
      .addHelpText('after', examplesText(verb.examples));
    for (const [name, help] of verb.arguments) command.argument(name, help);
    const names = Object.entries(verb.options).map(([key, spec]) => {
      const option = spec.option();
      command.addOption(option);
      return [key, option.attributeName()] as const;
    });
    command.action(async (...passed: unknown[]) => {
      const merged = command.optsWithGlobals<Record<string, unknown>>();
      const context = contextFor({
        json: merged.json === true,
        profile: merged.profile as string | undefined,
        color: merged.color !== false && root.opts().color !== false,
      });
      const args = passed.slice(0, verb.arguments.length) as string[];
      const options = Object.fromEntries(
        names.map(([key, name]) => [key, command.opts()[name] ?? verb.options[key]!.absent]),
      );
      exitCode = await verb.run(context, args, options);
    });
  }

  return {
    command: root,
    async run(argv, context) {
      contextFor = context;
      exitCode = EXIT.ok;
      try {
        await root.parseAsync(argv, { from: 'user' });
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
        const asked = ['commander.helpDisplayed', 'commander.version'].includes(error.code);
        if (!asked && given(argv, '--json')) {
          out.write(
            `${JSON.stringify({ error: { code: 'usage', message: error.message, exit_code: EXIT.usage } }, null, 2)}\n`,
          );
        }
        return asked ? EXIT.ok : EXIT.usage;
      }
      return exitCode;
    },
  };
}
