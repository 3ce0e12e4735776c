import { defineVerb } from '../../verb.ts';
import { identityLines } from '../../views/identity.ts';

export default defineVerb({
  path: ['agents', 'list'],
  summary: 'Agents, the tier that each has earned, and what it lacks for the next',
  description:
    'An agent is a role with its prompt, tools and model: with another model it is another agent, and earns its own tier. A run’s tier is the least of its plan’s, its agents’ and its caller’s.',
  examples: ['ags agents list', 'ags agents list --json'],
  async handler(context) {
    const page = await context.client().agentIdentities();
    const { style } = context.out;
    context.emit(page, () =>
      page.items.length === 0
        ? [style.faint('No agent has run here yet.')]
        : page.items.flatMap((agent) => identityLines(agent, style)),
    );
  },
});
