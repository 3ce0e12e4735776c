import { basename } from 'node:path';
import { EXIT } from '../../exit.ts';
import { flag, integer, repeated } from '../../options.ts';
import { findingLines } from '../../plan/findings.ts';
import { readInputs } from '../../plan/inputs.ts';
import { readPlan } from '../../plan/read.ts';
import { money, plural } from '../../terminal/format.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';
import { withPlanLines } from '../spawn.ts';

export default defineVerb({
  path: ['plan', 'check'],
  summary: 'Check a plan without running it',
  description: 'Exit 0 when the plan could run, 65 when it has errors.',
  arguments: [['<plan>', 'a plan.yaml, a folder with one, or a plan id']],
  options: {
    input: repeated('--input <name=value>', 'a plan input; name=@file sends the text of a file (repeatable)'),
    tier: integer('--tier <n>', 'check for this tier', { min: 0, max: 2 }),
    allowOutside: flag('--allow-outside', 'let the plan’s context send files from outside its folder'),
  },
  examples: ['ags plan check plan.yaml', 'ags plan check plan.yaml --tier 2 --json'],
  async handler(context, [given], { input, tier, allowOutside }) {
    const plan = readPlan(given!, { cwd: context.cwd, allowOutside });
    const inputs = readInputs(input, plan.kind === 'file' ? plan.inputTypes : {}, context.cwd);
    const result = await context
      .client()
      .checkPlan({
        ...(plan.kind === 'id' ? { plan_id: plan.plan_id } : plan.plan),
        ...(input.length > 0 && { inputs }),
        ...(tier !== undefined && { tier: tier as 0 | 1 | 2 }),
      })
      .catch((error: unknown) => {
        throw withPlanLines(error, plan, context);
      });
    const { style } = context.out;
    const where =
      plan.kind === 'file'
        ? { name: basename(plan.path), source: plan.plan.source }
        : { name: plan.plan_id, source: null };
    const errors = result.findings.filter((finding) => finding.severity === 'error').length;
    const estimate = result.estimate
      ? style.faint(
          ` about ${plural(result.estimate.steps, 'step')}, ${money(result.estimate.cost_microusd)}`,
        )
      : '';
    context.emit(result, () => [
      ...result.findings.flatMap((finding) => findingLines(finding, where, style)),
      ...result.decisions
        .filter((one) => one.decision !== 'allow')
        .map(
          (one) =>
            `${style.caution(one.decision)}  ${[one.tool, printable(one.target)].filter(Boolean).join(' ')}: ${printable(one.reason)}`,
        ),
      result.ok
        ? `${style.good('✔')} ${where.name} can run.${estimate}`
        : `${style.bad('✘')} ${where.name} cannot run: ${plural(errors, 'error')}.`,
    ]);
    return result.ok ? EXIT.ok : EXIT.findings;
  },
});
