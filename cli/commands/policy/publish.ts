import { basename } from 'node:path';
import { ApiError } from '#client/index.ts';
import { usageError } from '../../exit.ts';
import { integer, text } from '../../options.ts';
import { findingLines, isPlanFinding } from '../../plan/findings.ts';
import { defineVerb } from '../../verb.ts';
import { readPolicyFile } from './read.ts';

export default defineVerb({
  path: ['policy', 'publish'],
  summary: 'Publish a file as the next version of the tenant’s policies',
  description:
    'In force for new judgements at once, everywhere within 5 seconds. An empty file takes the tenant’s own policies back.',
  arguments: [['<file>', 'policies in Cedar, e.g. policies.cedar']],
  options: {
    note: text('--note <text>', 'why, for the record'),
    expect: integer('--expect <version>', 'refuse when another version is in force', {
      min: 0,
      max: 999_999_999,
    }),
  },
  examples: ['ags policy publish policies.cedar --note "no restarts on weekends" --expect 3'],
  async handler(context, [file], { note, expect }) {
    const source = readPolicyFile(context, file!);
    if (note === undefined) throw usageError('Why? Give --note; it goes on record.');
    const published = await context
      .client()
      .publishPolicies({ cedar: source, note, ...(expect !== undefined && { expected_version: expect }) })
      .catch((error: unknown) => {
        const findings = error instanceof ApiError ? (error.problem.findings ?? []) : [];
        const where = { name: basename(file!), source };
        for (const finding of findings.filter(isPlanFinding))
          context.notes.print(...findingLines(finding, where, context.notes.style));
        throw error;
      });
    const { style } = context.out;
    context.emit(published, () => [
      `${style.good('✔')} Version ${published.version} is in force: ${published.policies} policies, sha256 ${published.sha256}.`,
    ]);
  },
});
