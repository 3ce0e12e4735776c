import { integer } from '../../options.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

const MAX_VERSION = 999_999_999;
const lines = (text: string): string[] => text.split(/\r?\n/).map((line) => printable(line));

export default defineVerb({
  path: ['policy', 'show'],
  summary: 'The policies in force, or a published version',
  description: 'What judges now: the built-in policies, which nobody can widen, and the tenant’s own.',
  options: { version: integer('--version-number <n>', 'this version', { min: 1, max: MAX_VERSION }) },
  examples: ['ags policy show', 'ags policy show --version-number 3', 'ags policy show --json'],
  async handler(context, _args, { version }) {
    const client = context.client();
    const { style } = context.out;
    if (version !== undefined) {
      const found = await client.policyVersion(version);
      context.emit(found, () => [
        style.faint(`// version ${found.version}, ${found.published_at}, ${printable(found.note)}`),
        ...lines(found.cedar),
      ]);
      return;
    }
    const now = await client.policiesInForce();
    context.emit(now, () => [
      style.strong(`Policies ${now.policy_version}`),
      style.faint(`sha256 ${now.sha256}`),
      ...now.projects
        .filter((p) => p.mode === 'observe')
        .map((p) => style.caution(`${p.project_id} only observes`)),
      '',
      style.faint('// built in: limits that nobody can widen'),
      ...lines(now.built_in.limits),
      style.faint('// built in: permits, in force unless the tenant has permits of its own'),
      ...lines(now.built_in.permits),
      ...(now.own === null
        ? [style.faint('// the tenant has published no policies of its own')]
        : [style.faint(`// the tenant’s own, version ${now.own.version}`), ...lines(now.own.cedar)]),
    ]);
  },
});
