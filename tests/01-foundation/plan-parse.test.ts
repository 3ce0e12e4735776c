import { describe, expect, it } from 'vitest';
import { type ModelDefaults, type ParseOptions, parsePlan, planJsonSchema } from '#domain/plan/index.ts';

const DEFAULTS: ModelDefaults = {
  model: { provider: 'embedded', model: 'extractive-1', fallbacks: [], max_tokens: 8_192 },
  providers: ['embedded', 'openrouter'],
  prices: {},
};
const HEAD = 'name: small\nversion: 1.0.0\ntier: 1\nobjective: Is this fine?\n';
type Given = Partial<ParseOptions> & { files?: Record<string, string> };

const parse = (source: string, { files = {}, ...given }: Given = {}) =>
  parsePlan(source, files, { inputs: {}, defaults: DEFAULTS, ...given });
const planOf = (source: string, given?: Given) => {
  const parsed = parse(source, given);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value.plan;
};
/** `code@line:column`, in the order of the text. */
const findings = (source: string, given?: Given): string[] => {
  const parsed = parse(source, given);
  return parsed.ok ? [] : parsed.error.map((f) => `${f.code}@${f.line}:${f.column}`);
};
const expected = (source: string, given?: Given) => {
  const parsed = parse(source, given);
  return parsed.ok ? [] : parsed.error.map((f) => f.expected);
};

describe('a plan’s text', () => {
  it('DSL-1: the smallest plan resolves with all defaults: planner, then consensus', () => {
    const plan = planOf(HEAD);
    expect(plan).toMatchObject({ name: 'small', tier: 1, documents: [], misbehave: [] });
    expect(plan.limits).toMatchObject({ rounds: 8, steps: 200, actions: 50 });
    expect(plan.stages.map((s) => s.kind)).toEqual(['agent', 'consensus']);
    expect(plan.models.ALPHA).toEqual(DEFAULTS.model);
  });

  it('DSL-1: JSON is taken like YAML and gives the same plan and hash, tabs and all', () => {
    const json = JSON.stringify(
      { name: 'small', version: '1.0.0', tier: 1, objective: 'Is this fine?' },
      null,
      '\t',
    );
    expect(planOf(json)).toEqual(planOf(HEAD));
  });

  it('DSL-1 GOV-5: tools that a person approves are named once each, and their order means nothing', () => {
    const { approvals, sha256 } = planOf(`${HEAD}approvals: [memory_write, artifact_write, memory_write]\n`);
    expect(approvals).toEqual(['artifact_write', 'memory_write']);
    expect(planOf(`${HEAD}approvals: [artifact_write, memory_write]\n`).sha256).toBe(sha256);
    expect(planOf(`${HEAD}approvals: []\n`)).toEqual(planOf(HEAD));
    expect(findings(`${HEAD}approvals: [Artifact Write]\n`)).toEqual(['invalid_value@5:13']);
  });

  it('DSL-1: the hash is of the meaning: another layout keeps it, another word changes it', () => {
    const { sha256 } = planOf(HEAD);
    expect(planOf(`# a comment\n${HEAD}\n`).sha256).toBe(sha256);
    expect(planOf(HEAD.replace('fine', 'good')).sha256).not.toBe(sha256);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('DSL-1: every error has its line and column, in the order of the text', () => {
    expect(findings('name: Small\nversion: 1.0\ntier: 7\nobjective: x\nlimits:\n  rounds: 99\n')).toEqual([
      'invalid_value@1:7',
      'invalid_value@2:10',
      'invalid_value@3:7',
      'invalid_value@6:11',
    ]);
    expect(expected(`${HEAD}limits: { rounds: 99 }\n`)).toEqual(['a whole number from 1 to 50']);
  });

  it('DSL-1: an unknown field is refused where it stands, with the field that was probably meant', () => {
    const source = `${HEAD}context:\n  - { name: a.md, txt: hello }\nagnets: {}\n`;
    expect(findings(source)).toEqual(['unknown_field@6:19', 'unknown_field@7:1']);
    expect(expected(source)).toEqual(['did you mean “text”?', 'did you mean “agents”?']);
  });

  it('DSL-1: a missing field is named, and what belongs into it', () => {
    const parsed = parse('name: small\nversion: 1.0.0\ntier: 1\n');
    expect(!parsed.ok && parsed.error[0]).toMatchObject({
      code: 'missing_field',
      message: 'objective is missing.',
      expected: 'what is wanted, in up to 20,000 characters',
    });
  });

  it.each([
    ['a broken bracket', 'name: [small\nversion: 1.0.0\n'],
    ['the same key twice', `${HEAD}name: again\n`],
    ['a list', '- name: small\n'],
    ['nothing', ''],
    ['plain text', 'hello'],
    ['too many nested brackets', '['.repeat(50_000)],
    [
      'aliases that unfold',
      `a: &a [1,1,1,1,1,1,1,1,1]\n${'b: &b [*a,*a,*a,*a]\n'.replace('b', 'name')}x: [${'*a,'.repeat(99)}*a]\n`,
    ],
  ])('DSL-1 SEC-2: %s is a finding, not a crash', (_, source) => {
    const parsed = parse(source);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.error[0]?.severity).toBe('error');
  });

  it('API-2 DSL-1: an alias without its anchor is a finding with line and column; one with it is none', () => {
    const parsed = parse(`${HEAD}title: *nobody\n`);
    expect(!parsed.ok && parsed.error).toMatchObject([
      { code: 'syntax', line: HEAD.split('\n').length, column: 8, message: '“*nobody” points at nothing.' },
    ]);
    expect(parse(`${HEAD}title: &one A plan\ndescription: *one\n`).ok).toBe(true);
  });

  it('DSL-1 SEC-2: names of JavaScript’s own are names like others', () => {
    expect(findings(`${HEAD}__proto__: { tier: 2 }\nconstructor: 1\n`).length).toBe(2);
    expect(planOf(HEAD).tier).toBe(1);
    expect(findings(`${HEAD}context: [{ name: a, file: toString }]\n`)).toEqual(['file_missing@5:28']);
  });
});

describe('context', () => {
  it('DSL-1 AGENT-5: files and texts become documents; what nobody vouches for is untrusted', () => {
    const source = `${HEAD}context:\n  - { name: a.json, file: sub/a.json, origin: trusted }\n  - { name: b, text: hi }\n`;
    expect(planOf(source, { files: { 'sub/a.json': '{}' } }).documents).toEqual([
      { name: 'a.json', media_type: 'application/json', origin: 'trusted', text: '{}' },
      { name: 'b', media_type: 'text/plain', origin: 'untrusted', text: 'hi' },
    ]);
  });

  it('DSL-1: a file that was not sent, a name twice, both or neither text and file: each is found', () => {
    const source = `${HEAD}context:\n  - { name: a, file: a.md }\n  - { name: a, text: x }\n  - { name: b }\n  - { name: c, text: x, file: c.md }\n`;
    expect(findings(source, { files: { 'c.md': 'x' } })).toEqual([
      'file_missing@6:22',
      'duplicate_name@7:13',
      'context_source@8:5',
      'context_source@9:5',
    ]);
  });

  it('DSL-1: a mebibyte of context is taken, a byte more is not; bytes count, not characters', () => {
    const source = `${HEAD}context: [{ name: a, file: a }]\n`;
    const at = (text: string) => findings(source, { files: { a: text } });
    expect(at('x'.repeat(1_048_576))).toEqual([]);
    expect(at('x'.repeat(1_048_577))).toEqual(['context_too_large@5:10']);
    expect(at('é'.repeat(524_289))).toEqual(['context_too_large@5:10']);
  });
});

describe('inputs', () => {
  const source = `${HEAD.replace('Is this fine?', '"Deploy {{inputs.app}} {{ inputs.count }} times, {{inputs.dry}}"')}inputs:\n  app: { type: string }\n  count: { type: number, default: 2 }\n  dry: { type: boolean, default: true }\n`;

  it('DSL-1: values fill the objective and context once, defaults where none is given, text as numbers', () => {
    expect(planOf(source, { inputs: { app: 'shop', count: '3' } }).objective).toBe(
      'Deploy shop 3 times, true',
    );
    expect(planOf(source, { inputs: { app: '{{inputs.count}}' } }).objective).toBe(
      'Deploy {{inputs.count}} 2 times, true',
    );
  });

  it('DSL-1: a missing, unknown or wrongly typed input is found at its declaration', () => {
    expect(findings(source)).toEqual(['input_missing@6:8']);
    expect(findings(source, { inputs: { app: 'x', count: 'many', ap: 1 } })).toEqual([
      'unknown_input@6:3',
      'input_type@7:10',
    ]);
  });

  it('DSL-1: a plan that is only stored needs no values; a placeholder without a declaration is found either way', () => {
    expect(planOf(source, { inputs: null }).objective).toContain('{{inputs.app}}');
    expect(findings(source.replace('inputs.app', 'inputs.ap'), { inputs: null })).toEqual([
      'unknown_input@4:12',
    ]);
  });
});

describe('models, tiers, stages', () => {
  it('AGENT-2: a role’s choice goes over the plan’s, the plan’s over the deployment’s', () => {
    const plan = planOf(
      `${HEAD}agents:\n  model: { provider: openrouter, model: a/b, fallbacks: [c/d] }\n  BETA: { model: { model: e/f, max_tokens: 100 } }\n`,
    );
    expect(plan.models.ALPHA).toMatchObject({ provider: 'openrouter', model: 'a/b', fallbacks: ['c/d'] });
    expect(plan.models.BETA).toEqual({
      provider: 'openrouter',
      model: 'e/f',
      fallbacks: [],
      max_tokens: 100,
    });
  });

  it('PIPE-11: a model’s price is the dearest of itself and its fallbacks, and no plan makes it cheaper than it is', () => {
    const prices = {
      'a/b': { input: 3_000_000, output: 4_000_000 },
      'c/d': { input: 1_000_000, output: 9_000_000 },
    };
    const defaults: ModelDefaults = { ...DEFAULTS, prices };
    const plan = planOf(
      `${HEAD}agents:
  model: { provider: openrouter, model: a/b, fallbacks: [c/d] }
  BETA: { model: { model: e/f } }
  GAMMA: { model: { model: a/b, price: { input: 1, output: 5000000 } } }
  ALPHA: { model: { model: e/f, price: { input: 7, output: 8 } } }
`,
      { defaults },
    );
    expect(plan.models.PLANNER.price).toEqual({ input: 3_000_000, output: 9_000_000 });
    expect(plan.models.BETA.price).toBeUndefined();
    expect(plan.models.GAMMA.price).toEqual({ input: 3_000_000, output: 5_000_000 });
    expect(plan.models.ALPHA.price).toEqual({ input: 7, output: 8 });
    expect(planOf(HEAD, { defaults }).models.ALPHA.price).toBeUndefined();
    expect(findings(`${HEAD}agents: { model: { price: { input: -1, output: 1.5 } } }\n`)).toHaveLength(2);
  });

  it('RUN-4 AGENT-2: a provider that the deployment does not offer is refused, and so is one without a model', () => {
    expect(findings(`${HEAD}agents: { model: { provider: workers_ai, model: x } }\n`)).toEqual([
      'provider_not_offered@5:30',
    ]);
    expect(findings(`${HEAD}agents: { model: { provider: openrouter } }\n`)).toEqual(['model_missing@5:18']);
  });

  it('RUN-5: misbehaviour is for the embedded model alone', () => {
    const switches = 'embedded: { misbehave: [{ agent: ALPHA, kind: stall, seconds: 5, times: 1 }] }\n';
    expect(planOf(HEAD + switches).misbehave).toHaveLength(1);
    const hosted = `${HEAD}agents: { ALPHA: { model: { provider: openrouter, model: a/b } } }\n${switches}`;
    expect(findings(hosted)).toEqual(['misbehave_needs_embedded@6:25']);
  });

  it('PROM-3: the tier is the least of what plan and spawn say', () => {
    expect(planOf(HEAD, { tier: 0 }).tier).toBe(0);
    expect(planOf(HEAD, { tier: 2 }).tier).toBe(1);
  });

  const stages = (text: string) => `${HEAD}stages:\n${text}`;
  it('DSL-1: the default graph may be spelled out; others are honest about not being offered yet', () => {
    expect(
      findings(stages('  - { id: p, kind: agent }\n  - { id: c, kind: consensus, after: [p] }\n')),
    ).toEqual([]);
    const gate = '  - { id: p, kind: agent }\n  - { id: g, kind: gate, after: [p] }\n';
    expect(findings(stages(gate))).toEqual(['stage_not_offered@7:5']);
  });

  it('DSL-1: cycles, edges to nowhere and ids given twice are found', () => {
    expect(
      findings(stages('  - { id: a, kind: agent, after: [b] }\n  - { id: b, kind: agent, after: [a] }\n')),
    ).toEqual(['stage_cycle@6:5']);
    expect(
      findings(stages('  - { id: a, kind: agent }\n  - { id: b, kind: consensus, after: [x] }\n')),
    ).toEqual(['dangling_after@7:39']);
    expect(
      findings(stages('  - { id: a, kind: agent }\n  - { id: a, kind: consensus, after: [a] }\n')),
    ).toEqual(['duplicate_stage@7:5']);
  });

  it('DSL-1: the published JSON Schema is strict and says what each field is', () => {
    const schema = planJsonSchema() as {
      additionalProperties: boolean;
      required: string[];
      properties: Record<string, unknown>;
    };
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(['name', 'version', 'tier', 'objective']);
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['inputs', 'context', 'limits', 'stages', 'agents']),
    );
  });
});
