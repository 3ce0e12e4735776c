import { resolve } from 'node:path';
import type { RegisteredAgent } from '#client/index.ts';
import { DECLARED_HELP, declaredBy } from '../connect/declared.ts';
import { ProjectFolder } from '../connect/files.ts';
import { FRAMEWORKS, type Framework, writeConfiguration } from '../connect/frameworks.ts';
import { usageError } from '../exit.ts';
import { choice, flag, integer, repeated, text } from '../options.ts';
import { defineVerb } from '../verb.ts';

type Declared = RegisteredAgent['declared'][number];

const WAIT_S = 300;

const traits = ({ acts, irreversible, effect, external, min_tier }: Declared): string =>
  [
    acts ? (irreversible ? 'a person approves each call' : 'changes what can be taken back') : 'reads',
    effect,
    external ? 'reaches out' : 'stays inside',
    `tier ${min_tier} and above`,
  ].join(', ');

export default defineVerb({
  path: ['connect'],
  summary: 'Govern an agent that runs elsewhere: register it and write its configuration',
  description:
    'Registers an agent in an external pipeline and writes a working configuration into a folder. When the gate cannot be reached, everything is denied. Of its own tools that are not declared here a person approves each call.',
  arguments: [['<framework>', FRAMEWORKS.join(', ')]],
  options: {
    name: text('--name <name>', 'what the agent is called'),
    tier: choice('--tier <tier>', '0 observer, 1 executor, 2 operator (default 1)', ['0', '1', '2']),
    project: text('--project <id>', 'project of the pipeline that is opened'),
    pipeline: text('--pipeline <id>', 'join a live external pipeline instead'),
    ttl: integer('--ttl <seconds>', 'life of the session (default 8 h)', { min: 60, max: 604_800 }),
    wait: integer('--wait-for-person <seconds>', `how long an approval is waited for (default ${WAIT_S})`, {
      min: 0,
      max: 3_600,
    }),
    target: text('--target <name>', 'what its tools touch unless they say otherwise (default localhost)'),
    tool: repeated('--tool <name=words>', DECLARED_HELP),
    trustGate: flag('--trust-gate', 'Claude Code: the gate’s yes also stands for its own permission prompt'),
    dir: text('--dir <folder>', 'where to write (default: here)'),
  },
  examples: [
    'ags connect claude-code',
    'ags connect mcp --tier 0',
    'ags connect langgraph --dir ../agent --tool restart_service=reversible --tool read_metrics=reads',
  ],
  async handler(context, [given], options) {
    const framework = FRAMEWORKS.find((known) => known === given) as Framework | undefined;
    if (!framework) throw usageError(`${JSON.stringify(given)} is not one of ${FRAMEWORKS.join(', ')}`);
    const agent = await context.client().registerAgent({
      name: options.name ?? framework,
      framework,
      tier: Number(options.tier ?? 1) as 0 | 1 | 2,
      ...(options.project ? { project_id: options.project } : {}),
      ...(options.pipeline ? { pipeline_id: options.pipeline } : {}),
      ...(options.ttl ? { ttl_s: options.ttl } : {}),
      ...(options.tool.length > 0 ? { tools: options.tool.map(declaredBy) } : {}),
    });
    const folder = new ProjectFolder(resolve(context.cwd, options.dir ?? '.'));
    const next = writeConfiguration(framework, folder, {
      url: context.connection().url,
      agent,
      target: options.target ?? 'localhost',
      wait_s: options.wait ?? WAIT_S,
      trust_gate: options.trustGate,
    });
    const { agent_id, pipeline_id, tier, declared, expires_at } = agent;
    // The session token stands in the files and is not shown again.
    const document = {
      framework,
      agent_id,
      pipeline_id,
      tier,
      declared,
      expires_at,
      files: folder.written,
      next,
    };
    context.emit(document, () => [
      `${context.out.style.good('✔')} ${agent_id} is registered at tier ${tier} until ${expires_at}.`,
      ...declared.map((tool) => `  ${tool.name}: ${traits(tool)}`),
      ...folder.written.map((f) => `  ${f.path}${f.secret ? ' (holds the session token)' : ''}`),
      ...next,
      `When it is done: ags pipeline end ${pipeline_id} --reason done`,
    ]);
  },
});
