import { basename } from 'node:path';
import { EXIT } from '../../exit.ts';
import { findingLines } from '../../plan/findings.ts';
import { plural } from '../../terminal/format.ts';
import { defineVerb } from '../../verb.ts';
import { readPolicyFile } from './read.ts';

export default defineVerb({
  path: ['policy', 'check'],
  summary: 'Check a file of policies without publishing it',
  description: 'Exit 0 when it could be published, 65 when it has errors.',
  arguments: [['<file>', 'policies in Cedar, e.g. policies.cedar']],
  examples: ['ags policy check policies.cedar', 'ags policy check policies.cedar --json'],
  async handler(context, [file]) {
    const source = readPolicyFile(context, file!);
    const result = await context.client().checkPolicies(source);
    const { style } = context.out;
    const where = { name: basename(file!), source };
    const errors = result.findings.filter((finding) => finding.severity === 'error').length;
    context.emit(result, () => [
      ...result.findings.flatMap((finding) => findingLines(finding, where, style)),
      ...result.policies.map((one) => {
        const labels = one.labels.length > 0 ? style.faint(` leaves ${one.labels.join(', ')}`) : '';
        return `  ${one.decision.padEnd(16)} ${one.id}${one.severity ? style.faint(` (${one.severity})`) : ''}${labels}`;
      }),
      result.ok
        ? `${style.good('✔')} ${where.name}: ${plural(result.policies.length, 'policy', 'policies')} that can be published.`
        : `${style.bad('✘')} ${where.name} cannot be published: ${plural(errors, 'error')}.`,
    ]);
    return result.ok ? EXIT.ok : EXIT.findings;
  },
});
