import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cannotRun } from '#cli/commands/spawn.ts';
import { profilesPath, saveProfile } from '#cli/connection/profiles.ts';
import { CliError, EXIT, type ExitCode } from '#cli/exit.ts';
import { readPlan } from '#cli/plan/read.ts';
import { plural } from '#cli/terminal/format.ts';
import { createScreen, type Screen } from '#cli/terminal/terminal.ts';
import { ApiError, createClient, UnreachableError } from '#client/index.ts';
import { findingsInSource } from '#domain/plan/index.ts';
import { BuildFailed } from './dashboard.ts';
import { AlreadyRunning, endLeftovers } from './leftovers.ts';
import { MigrationFailed } from './migrate.ts';
import { BadOption, HELP, parseOptions, type StartOptions } from './options.ts';
import { isFree } from './ports.ts';
import { ProcessDied } from './processes.ts';
import { progressSteps } from './progress.ts';
import { type Outcome, outcomeLines, runPlan } from './run-plan.ts';
import { BadEnvironment } from './services.ts';
import { removeStateFolder, stateFolder } from './state-folder.ts';
import { type LocalSystem, startLocalSystem } from './system.ts';
import { REPOSITORY } from './workers.ts';

const DEFAULT_PORT = 3_000;
const SAMPLE = join(REPOSITORY, 'plans', 'encrypt-checkout-db', 'plan.yaml');
const PROFILE = 'local';
/** Seconds that the printed sign-in link works. */
const LINK_TTL_S = 3_600;

/** Where npm was called, which is what a relative `--plan` is relative to. */
const CALLED_FROM = process.env.INIT_CWD ?? process.cwd();

interface Screens {
  /** For the person watching. */
  notes: Screen;
  /** For the result. */
  out: Screen;
}

/** A port that was asked for by number is that one or none. */
async function requireFree(port: number): Promise<void> {
  if (!(await isFree(port)))
    throw new CliError(EXIT.usage, `Port ${port} is taken`, 'Choose another --port, or leave it out.');
}

/** Rejects when a child dies while the system should be up. */
const firstDeath = (system: LocalSystem): Promise<never> =>
  new Promise((_, reject) => {
    for (const child of system.processes)
      void child.exited.then((how) => reject(new ProcessDied(child, how)));
  });

function farewell({ style }: Screen, links: { dashboard: string; url: string }, once: boolean): string[] {
  return [
    '',
    `  ${style.strong('Dashboard')}   ${style.live(links.dashboard)}`,
    style.faint(`              signs you in as Requester, once, within the hour; then ${links.url}`),
    `  ${style.strong('Commands')}    npx ags pipeline show last ${style.faint('· npx ags run plan.yaml --wait · npx ags doctor')}`,
    ...(once
      ? []
      : [
          `  ${style.strong('Approve')}     npx ags approve ID --profile ${PROFILE}-approver ${style.faint('· nobody approves what they asked for themselves')}`,
          `  ${style.strong('Stop')}        Ctrl-C ${style.faint('(what happened stays in .ags/; --reset clears it)')}`,
        ]),
    '',
  ];
}

/** REC-6: what a kill or a stop interrupted is at work again by now. */
async function announceResumed(system: LocalSystem, notes: Screen): Promise<void> {
  const client = createClient({ baseUrl: system.url, key: system.accounts.requester.key });
  const { items } = await client.activePipelines({ limit: 100 });
  if (items.length === 0) return;
  const names = items.map((pipeline) => `#${pipeline.number}`).join(', ');
  notes.print(
    `  ${notes.style.caution('▲')} resumed      ${plural(items.length, 'pipeline')} of an earlier start: ${names}`,
  );
}

async function serve(options: StartOptions, { notes, out }: Screens, signal: AbortSignal): Promise<ExitCode> {
  const folder = stateFolder(process.env.AGS_STATE_DIR || join(REPOSITORY, '.ags'));
  const planPath = options.plan === null ? SAMPLE : resolve(CALLED_FROM, options.plan);
  // Read now: a plan that is not there, or not a plan, should not wait for two Workers to start.
  const plan = options.run ? readPlan(planPath, { cwd: CALLED_FROM, allowOutside: false }) : null;
  const wrong = plan?.kind === 'file' ? findingsInSource(plan.plan.source) : [];
  if (plan?.kind === 'file' && wrong.length > 0) throw cannotRun(plan, wrong, { notes });
  if (existsSync(folder.root)) await endLeftovers(folder);
  if (options.reset) removeStateFolder(folder);
  if (options.port !== null) await requireFree(options.port);
  notes.print(
    '',
    `  ${notes.style.title('Agent Governance System')} ${notes.style.faint('local deployment')}`,
    '',
  );
  const system = await startLocalSystem({
    folder,
    env: process.env,
    step: progressSteps(notes),
    signal,
    port: options.port ?? DEFAULT_PORT,
    portFixed: options.port !== null,
  });
  const interrupted = new Promise<void>((stop) =>
    signal.addEventListener('abort', () => stop(), { once: true }),
  );
  try {
    const death = firstDeath(system);
    death.catch(() => {});
    const requester = { url: system.url, key: system.accounts.requester.key };
    const approver = { url: system.url, key: system.accounts.approver.key };
    saveProfile(profilesPath(process.env), `${PROFILE}-approver`, approver, false);
    saveProfile(profilesPath(process.env), PROFILE, requester, true);
    const link = await createClient({ baseUrl: requester.url, key: requester.key }).createSignInLink(
      LINK_TTL_S,
    );
    await announceResumed(system, notes);
    notes.print('');
    let outcome: Outcome | null = null;
    if (plan && !signal.aborted) {
      const run = runPlan(folder, requester, plan, notes, signal);
      run.catch(() => {});
      outcome = await Promise.race([run, death, interrupted.then(() => null)]);
      if (outcome && !options.json) out.print('', ...outcomeLines(outcome, out).map((line) => `  ${line}`));
    }
    if (options.json) {
      out.print(
        JSON.stringify({
          url: system.url,
          dashboard: link.url,
          ...(outcome && {
            pipeline: outcome.orchestration.pipeline,
            lineage: outcome.lineage?.items ?? [],
            verdict: outcome.orchestration.blackboard.consensus,
            evidence: outcome.evidence,
          }),
        }),
      );
    }
    if (options.once) return exitCodeOf(outcome);
    if (!signal.aborted)
      notes.print(...farewell(notes, { dashboard: link.url, url: system.url }, options.once));
    await Promise.race([interrupted, death]);
    return EXIT.ok;
  } finally {
    if (!options.once) notes.print(notes.style.faint('  Stopping …'));
    await system.stop();
  }
}

/** The lineage's exit code; evidence that does not hold is an error whatever the agents agreed on. */
function exitCodeOf(outcome: Outcome | null): ExitCode {
  if (outcome === null) return EXIT.interrupted;
  if (!outcome.evidence.ok) return EXIT.error;
  return outcome.orchestration.pipeline.exit_code ?? EXIT.error;
}

function report(error: unknown, { notes }: Screens): ExitCode {
  const { style } = notes;
  const say = (message: string, hint: string | null, details: string[] = []) =>
    notes.print(
      '',
      `${style.bad('error:')} ${message}`,
      ...details.map((line) => style.faint(`  │ ${line}`)),
      ...(hint ? [`${style.live(' hint:')} ${hint}`] : []),
    );
  if (error instanceof CliError) say(error.message, error.hint, error.details);
  else if (error instanceof BadOption) say(error.message, 'npm start -- --help');
  else if (error instanceof BadEnvironment) say(error.message, error.fix);
  else if (error instanceof AlreadyRunning)
    say(error.message, 'Stop it with Ctrl-C where it runs, or use it as it is: `npx ags pipeline list`.');
  else if (error instanceof ProcessDied) say(error.message, `The whole log: ${error.logPath}`, error.tail);
  else if (error instanceof MigrationFailed || error instanceof BuildFailed)
    say(error.message, null, error.output);
  else if (error instanceof ApiError)
    say(
      `${error.problem.title}: ${error.problem.detail}`,
      error.problem.remedy,
      (error.problem.findings ?? []).map((finding) => JSON.stringify(finding)),
    );
  else if (error instanceof UnreachableError) say(error.message, 'Its log is .ags/logs/product.log.');
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error), null);
  const usage = error instanceof CliError || error instanceof BadOption || error instanceof BadEnvironment;
  return error instanceof CliError ? error.exitCode : usage ? EXIT.usage : EXIT.error;
}

async function main(args: readonly string[]): Promise<ExitCode> {
  const notes = createScreen(process.stderr, process.env);
  const screens: Screens = { notes, out: createScreen(process.stdout, process.env) };
  const stopping = new AbortController();
  let asked = 0;
  const stop = () => {
    asked += 1;
    stopping.abort(new CliError(EXIT.interrupted, 'Stopped'));
    // A second Ctrl-C does not wait; tethered children end by themselves.
    if (asked > 1) process.exit(EXIT.interrupted);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  try {
    const options = parseOptions(args);
    if (options.help) {
      screens.out.print(HELP);
      return EXIT.ok;
    }
    return await serve(options, screens, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return EXIT.interrupted;
    return report(error, screens);
  }
}

process.exit(await main(process.argv.slice(2)));
