import type { Client, ConsensusView, FallbackRequest, Proposal } from '#client/index.ts';
import { FALLBACKS, type Fallback } from '#domain/pipeline/states.ts';
import type { Context } from '../../context.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { flag, integer, text } from '../../options.ts';
import { padEnd, printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';
import { waitForVerdict } from '../wait.ts';
import { whichArgument, whichPipeline } from './which.ts';

/** REC-1, for people. */
const MEANING: Record<Fallback, string> = {
  rerun_same: 'fresh ALPHA and BETA, who read why it failed',
  rerun_gamma: 'the same with the mediator GAMMA from the start',
  escalate_tier: 'one tier up, and again; tier 2 takes another person’s approval',
  accept_partial: 'complete with a proposal that did not win; name and confirm it',
  download_log: 'everything in one file, for a review by hand',
};

const optionLines = ({ fallbacks }: ConsensusView, { out: { style } }: Context): string[] =>
  fallbacks.map(({ action, allowed, why_not }) =>
    allowed
      ? `${style.good('✔')} ${style.strong(padEnd(action, 15))} ${MEANING[action]}`
      : `${style.faint('✘')} ${padEnd(action, 15)} ${style.caution(printable(why_not ?? ''))}`,
  );

/** Each proposal's revisions by name, so that one can be chosen. */
async function proposalLines(client: Client, id: string): Promise<string[]> {
  const { blackboard } = await client.orchestration(id);
  return blackboard.proposals.map(
    (p: Proposal) =>
      `--proposal ${p.proposal_id} --revision ${p.revision}  ${p.author}: ${printable(p.title)}`,
  );
}

export default defineVerb({
  path: ['pipeline', 'fallback'],
  summary: 'Decide how to go on after consensus failed',
  description: 'Without an action it shows which ones fit, and why the others do not.',
  arguments: [whichArgument, ['[action]', FALLBACKS.join(', ')]],
  options: {
    reason: text('--reason <text>', 'why, for the record'),
    proposal: text('--proposal <id>', 'accept_partial: the proposal'),
    revision: integer('--revision <n>', 'accept_partial: its revision', { min: 1, max: 1_000_000 }),
    confirm: flag('--confirm', 'accept_partial: yes, complete without consensus'),
    wait: flag('--wait', 'watch what follows, and exit with its exit code'),
  },
  examples: [
    'ags pipeline fallback last',
    'ags pipeline fallback last rerun_gamma --reason "let a mediator try" --wait',
    'ags pipeline fallback 12 accept_partial --proposal pp_… --revision 2 --confirm --reason "good enough"',
  ],
  async handler(context, [given, chosen], { reason, proposal, revision, confirm, wait }) {
    const client = context.client();
    const id = await whichPipeline(client, given!);
    if (chosen === undefined) {
      const status = await client.consensus(id);
      context.emit({ pipeline_id: id, status: status.status, fallbacks: status.fallbacks }, () =>
        optionLines(status, context),
      );
      return EXIT.ok;
    }
    const action = FALLBACKS.find((one) => one === chosen);
    if (action === undefined)
      throw usageError(`${JSON.stringify(chosen)} is no fallback`, `It is one of ${FALLBACKS.join(', ')}.`);
    if (action === 'download_log')
      throw usageError('The log goes to a file.', `ags pipeline log ${id} --download FILE`);
    if (reason === undefined) throw usageError('Why? Give --reason; it goes on record.');
    if (action === 'accept_partial' && (proposal === undefined || revision === undefined)) {
      throw new CliError(
        EXIT.usage,
        'Which proposal? accept_partial names it and its revision.',
        `ags pipeline show ${id}`,
        await proposalLines(client, id),
      );
    }
    const request: FallbackRequest = {
      pipeline_id: id,
      action,
      reason,
      ...(proposal !== undefined && { proposal_id: proposal }),
      ...(revision !== undefined && { revision }),
      ...(confirm && { confirm }),
    };
    const result = await client.fallback(request);
    if (wait && result.approval_id === undefined) return waitForVerdict(context, id, {});
    const { style } = context.out;
    context.emit(result, () =>
      result.approval_id === undefined
        ? [
            `${style.good('✔')} ${action}: ${id} is ${result.pipeline.state}, generation ${result.pipeline.generation}, tier ${result.pipeline.tier}.`,
          ]
        : [
            `${style.caution('▲')} ${action} waits for another person’s approval: ${style.strong(result.approval_id)}`,
            style.faint(`  ags approve ${result.approval_id} --reason …`),
          ],
    );
    return EXIT.ok;
  },
});
