import { utf8ToBytes } from '@noble/hashes/utils.js';
import { leastTier, type Tier } from '../governance/tier.ts';
import { hashJson } from '../ledger/canonical.ts';
import { err, ok, type Result } from '../result.ts';
import { checkSchema } from './check-schema.ts';
import { inOrder, type PlanFinding } from './finding.ts';
import { checkStages, DEFAULT_STAGES } from './graph.ts';
import { fillIn, type InputValues, placeholders, resolveInputs } from './inputs.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type ModelDefaults, resolveModels } from './models.ts';
import type { PlanDocument, ResolvedPlan, Stage } from './plan.ts';
import { MAX_CONTEXT_BYTES, MAX_SOURCE_BYTES, type PlanFile } from './schema.ts';
import { type Path, type PlanSourceText, readPlanText } from './source.ts';
import { expectedWord } from './suggest.ts';

export interface ParseOptions {
  /** Values of the plan's inputs; null when the plan is only stored or checked and values come later. */
  inputs: InputValues | null;
  /** PROM-3: the pipeline gets the least of this and the plan's own. */
  tier?: Tier;
  /** Over the plan's own limits, within the same ranges. */
  limits?: Partial<Limits>;
  defaults: ModelDefaults;
  /** Of a stored plan; otherwise the id derives from the content. */
  plan_id?: string;
}

export interface ParsedPlan {
  plan: ResolvedPlan;
  /** PIPE-4, as the plan has it; the spawn may say otherwise. */
  auto_continue: boolean;
  title: string | null;
  description: string | null;
}

const MEDIA_TYPES: Record<string, string> = {
  json: 'application/json',
  md: 'text/markdown',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  tf: 'text/x-hcl',
  csv: 'text/csv',
  html: 'text/html',
};
const mediaTypeOf = (name: string): string => MEDIA_TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain';
const bytes = (text: string): number => utf8ToBytes(text).length;

/** Collects findings with their places. */
class Findings {
  readonly list: PlanFinding[] = [];
  readonly #text: PlanSourceText;
  constructor(text: PlanSourceText) {
    this.#text = text;
  }
  add(code: string, path: Path, message: string, expected: string | null): void {
    this.list.push({ severity: 'error', code, message, ...this.#text.at(path), expected });
  }
}

function readContext(
  file: PlanFile,
  files: Readonly<Record<string, string>>,
  values: InputValues,
  findings: Findings,
): PlanDocument[] {
  const seen = new Set<string>();
  let total = 0;
  const documents = (file.context ?? []).map((item, i): PlanDocument => {
    const path = ['context', i];
    if (seen.has(item.name))
      findings.add(
        'duplicate_name',
        [...path, 'name'],
        `Two documents are named “${item.name}”.`,
        'a name of its own for every document',
      );
    seen.add(item.name);
    if ((item.text === undefined) === (item.file === undefined))
      findings.add(
        'context_source',
        path,
        `The document “${item.name}” needs exactly one of text and file.`,
        '`text: …` or `file: …`',
      );
    const raw =
      item.file === undefined ? item.text : Object.hasOwn(files, item.file) ? files[item.file] : undefined;
    if (item.file !== undefined && raw === undefined)
      findings.add(
        'file_missing',
        [...path, 'file'],
        `The file “${item.file}” was not sent along.`,
        'its text in `files` of the request',
      );
    const text = fillIn(raw ?? '', values);
    total += bytes(text);
    return {
      name: item.name,
      media_type: item.media_type ?? mediaTypeOf(item.name),
      origin: item.origin ?? 'untrusted',
      text,
    };
  });
  if (total > MAX_CONTEXT_BYTES)
    findings.add(
      'context_too_large',
      ['context'],
      `The context has ${total} bytes.`,
      `at most ${MAX_CONTEXT_BYTES} bytes in all`,
    );
  return documents;
}

function checkPlaceholders(file: PlanFile, findings: Findings): void {
  const names = Object.keys(file.inputs ?? {});
  const check = (text: string, path: Path) => {
    for (const name of placeholders(text))
      if (!names.includes(name))
        findings.add(
          'unknown_input',
          path,
          `{{inputs.${name}}} refers to an input that the plan does not declare.`,
          names.length > 0 ? expectedWord(name, names) : 'a declaration under `inputs`',
        );
  };
  check(file.objective, ['objective']);
  file.context?.forEach((item, i) => {
    if (item.text !== undefined) check(item.text, ['context', i, 'text']);
  });
}

function readStages(file: PlanFile, findings: Findings): Stage[] {
  if (file.stages === undefined)
    return DEFAULT_STAGES.map((stage) => ({ ...stage, after: [...stage.after] }));
  const stages = file.stages.map((stage) => ({ ...stage, after: stage.after ?? [] }));
  for (const p of checkStages(stages))
    findings.add(
      p.code,
      p.after === null ? ['stages', p.stage] : ['stages', p.stage, 'after', p.after],
      p.message,
      p.expected,
    );
  return stages;
}

function readFile(source: string): Result<{ text: PlanSourceText; file: PlanFile }, PlanFinding[]> {
  if (bytes(source) > MAX_SOURCE_BYTES)
    return err([
      {
        severity: 'error',
        code: 'plan_too_large',
        message: 'The plan’s own text is too large; put documents into files.',
        line: null,
        column: null,
        expected: `at most ${MAX_SOURCE_BYTES} bytes`,
      },
    ]);
  const text = readPlanText(source);
  if (!text.ok) return text;
  const checked = checkSchema(text.value);
  return checked.ok ? ok({ text: text.value, file: checked.value }) : checked;
}

/** What is wrong with a plan whatever its files, its inputs and the deployment it goes to; empty when nothing is. */
export const findingsInSource = (source: string): PlanFinding[] => {
  const read = readFile(source);
  return read.ok ? [] : read.error;
};

/**
 * DSL-1, PRE-1: YAML or JSON text to a plan with everything resolved, or every finding with its line, column and what was expected.
 * `files` are the texts of the files that the context names. Pure: the same text, inputs and defaults give the same plan and hash.
 */
export function parsePlan(
  source: string,
  files: Readonly<Record<string, string>>,
  options: ParseOptions,
): Result<ParsedPlan, PlanFinding[]> {
  const read = readFile(source);
  if (!read.ok) return read;
  const { text, file } = read.value;
  const findings = new Findings(text);

  const inputs = resolveInputs(file.inputs ?? {}, options.inputs);
  for (const p of inputs.problems) findings.add(p.code, ['inputs', p.name], p.message, p.expected);
  checkPlaceholders(file, findings);
  const documents = readContext(file, files, inputs.values, findings);
  const { models, problems } = resolveModels(file.agents, options.defaults);
  for (const p of problems) findings.add(p.code, p.path, p.message, p.expected);
  const stages = readStages(file, findings);
  const misbehave = file.embedded?.misbehave ?? [];
  misbehave.forEach((switched, i) => {
    if (models[switched.agent].provider !== 'embedded')
      findings.add(
        'misbehave_needs_embedded',
        ['embedded', 'misbehave', i],
        `${switched.agent} runs on “${models[switched.agent].provider}”; only the embedded model can be asked to misbehave.`,
        'provider embedded for that agent, or no misbehave switch',
      );
  });
  if (findings.list.length > 0) return err(inOrder(findings.list));

  const content = {
    name: file.name,
    version: file.version,
    objective: fillIn(file.objective, inputs.values),
    tier: leastTier(file.tier, options.tier ?? file.tier),
    documents,
    models,
    misbehave,
    limits: { ...DEFAULT_LIMITS, ...definedOnly(file.limits), ...definedOnly(options.limits) },
    stages,
    // A plan without them has the hash that it had before there were any.
    ...(file.approvals && file.approvals.length > 0 && { approvals: [...new Set(file.approvals)].sort() }),
  };
  const sha256 = hashJson(content);
  return ok({
    plan: { plan_id: options.plan_id ?? `plan_${sha256.slice(0, 20)}`, sha256, ...content },
    auto_continue: file.auto_continue ?? true,
    title: file.title ?? null,
    description: file.description ?? null,
  });
}

/** zod keeps an absent optional absent, but a caller's object may hold an explicit undefined that would erase a default. */
const definedOnly = (limits: Partial<Limits> | undefined): Partial<Limits> =>
  Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined));
